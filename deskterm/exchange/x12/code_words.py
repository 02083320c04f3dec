"""Our own words for the codes of eligibility and authorization answers and of acknowledgments.

X12 owns the lists; these are plain words for what a front desk meets, and nothing is lost with
a code that is not here: it is kept and shown as it came. Sources: domain.md 2.5, published
companion guides.
"""

from __future__ import annotations

# EB01: what an eligibility line says.
BENEFITS = {
    "1": "Active", "2": "Active, full risk capitation", "3": "Active, services capitated",
    "4": "Active, capitated to the primary care physician", "5": "Active, under investigation",
    "6": "Inactive", "7": "Inactive, an update is pending", "8": "Inactive, under investigation",
    "A": "Coinsurance", "B": "Copay", "C": "Deductible", "CB": "Basis of coverage",
    "D": "Description", "E": "Excluded", "F": "Limit", "G": "Out-of-pocket maximum",
    "H": "Unlimited", "I": "Not covered", "J": "Cost containment", "K": "Reserve",
    "L": "Primary care physician", "M": "Pre-existing condition",
    "MC": "Managed care coordinator", "N": "Only with certain providers",
    "O": "Not medically necessary", "P": "Disclaimer", "Q": "Second opinion required",
    "R": "Other or additional payer", "S": "Prior year history", "T": "Card lost or stolen",
    "U": "Ask the one named", "V": "Cannot be processed", "W": "Other source of data",
    "X": "Facility", "Y": "Spend down",
}  # fmt: skip
ACTIVE = frozenset("12345")
INACTIVE = frozenset("678")
# EB02: whom it is for.
LEVELS = {
    "IND": "the person", "FAM": "the family", "EMP": "the employee", "ESP": "employee and spouse",
    "ECH": "employee and children", "SPC": "spouse and children", "SPO": "the spouse",
    "CHD": "the children", "DEP": "the dependents",
}  # fmt: skip
# EB03: which service.
SERVICES = {
    "1": "medical care", "2": "surgery", "3": "consultation", "4": "X-ray", "5": "laboratory",
    "6": "radiation therapy", "7": "anesthesia", "8": "surgical assistance",
    "12": "equipment bought", "13": "ambulatory surgery", "18": "equipment rented",
    "20": "second opinion", "23": "dental diagnosis", "30": "the whole plan",
    "33": "chiropractic", "35": "dental", "40": "oral surgery", "42": "home health",
    "44": "home health visits", "45": "hospice", "47": "hospital", "48": "hospital, inpatient",
    "50": "hospital, outpatient", "51": "hospital, emergency accident",
    "52": "hospital, emergency", "53": "hospital, ambulatory surgery", "54": "long term care",
    "56": "transport", "60": "general benefits", "61": "in vitro fertilization",
    "62": "MRI or CT", "63": "donor", "64": "acupuncture", "65": "newborn care",
    "67": "smoking cessation", "68": "well baby", "69": "maternity", "70": "transplants",
    "73": "diagnostic medical", "76": "dialysis", "78": "chemotherapy", "80": "immunizations",
    "81": "routine physical", "82": "family planning", "83": "infertility", "84": "abortion",
    "86": "emergency", "88": "pharmacy", "89": "free-standing pharmacy",
    "90": "mail order pharmacy", "91": "brand drugs", "92": "generic drugs", "93": "podiatry",
    "94": "podiatry, office", "96": "physician", "98": "office visit",
    "99": "physician, inpatient", "A0": "physician, outpatient", "A1": "physician, nursing home",
    "A3": "physician, home", "A4": "psychiatric", "A6": "psychotherapy", "A7":
    "psychiatric, inpatient", "A8": "psychiatric, outpatient", "A9": "rehabilitation",
    "AB": "rehabilitation, inpatient", "AC": "rehabilitation, outpatient",
    "AD": "occupational therapy", "AE": "physical medicine", "AF": "speech therapy",
    "AG": "skilled nursing", "AI": "substance abuse", "AJ": "alcoholism", "AK": "drug addiction",
    "AL": "vision", "AM": "frames", "AN": "routine eye exam", "AO": "lenses", "BB":
    "partial hospitalization, psychiatric", "BD": "cognitive therapy", "BE": "massage therapy",
    "BF": "pulmonary rehabilitation", "BG": "cardiac rehabilitation", "BH": "pediatric",
    "BL": "cardiac", "BS": "invasive procedures", "BT": "gynecology", "BU": "obstetrics",
    "BV": "obstetrics and gynecology", "BY": "physician visit, sick",
    "BZ": "physician visit, well", "C1": "coronary care", "CE": "mental health, inpatient",
    "CF": "mental health, inpatient", "CG": "mental health, outpatient",
    "CH": "mental health, outpatient", "CI": "substance abuse, inpatient",
    "CJ": "substance abuse, outpatient", "DM": "durable medical equipment",
    "MH": "mental health", "PT": "physical therapy", "RT": "residential psychiatric treatment",
    "UC": "urgent care",
}  # fmt: skip
# EB04: kind of insurance.
INSURANCE = {
    "12": "Medicare second: working aged", "13": "Medicare second: kidney disease",
    "14": "Medicare second: no-fault", "15": "Medicare second: workers' compensation",
    "16": "Medicare second: federal agency", "41": "Medicare second: black lung",
    "42": "Medicare second: veterans", "43": "Medicare second: disabled",
    "47": "Medicare second: liability", "AP": "auto", "C1": "commercial", "CO": "COBRA",
    "CP": "Medicare conditionally first", "D": "disability", "EP": "EPO", "FF": "family",
    "GP": "group", "HM": "HMO", "HN": "Medicare HMO", "HS": "special low income Medicare",
    "IN": "indemnity", "IP": "individual", "LC": "long term care", "LD": "long term policy",
    "LI": "life", "LT": "litigation", "MA": "Medicare A", "MB": "Medicare B", "MC": "Medicaid",
    "MH": "Medigap A", "MI": "Medigap B", "MP": "Medicare first", "OT": "other", "PE": "property",
    "PL": "personal", "PP": "pays cash", "PR": "PPO", "PS": "POS", "QM": "qualified Medicare "
    "beneficiary", "RP": "property", "SP": "supplemental", "TF": "tax equity (TEFRA)",
    "WC": "workers' compensation", "WU": "wrap up",
}  # fmt: skip
# EB06: over what time.
PERIODS = {
    "6": "an hour", "7": "a day", "13": "24 hours", "21": "years", "22": "a service year",
    "23": "a calendar year", "24": "so far this year", "25": "a contract", "26": "an episode",
    "27": "a visit", "28": "an outlier", "29": "remaining", "30": "exceeded", "31": "not exceeded",
    "32": "a lifetime", "33": "a lifetime, remaining", "34": "a month", "35": "a week",
    "36": "an admission",
}  # fmt: skip
REMAINING = frozenset({"29", "33"})
# EB09: what a quantity counts.
QUANTITIES = {
    "8H": "at least", "99": "used", "CA": "covered", "CE": "covered, certified", "D3":
    "of co-insured", "DB": "deductible blood units", "DY": "days", "HS": "hours", "LA":
    "lifetime reserve, actual", "LE": "lifetime reserve, estimated", "M2": "at most", "MN":
    "months", "P6": "services", "QA": "approved", "S7": "age, at least", "S8": "age, at most",
    "VS": "visits", "YY": "years",
}  # fmt: skip
# HSD01 of an authorization, SV103: what is counted.
UNITS = {
    "DA": "days", "DY": "days", "F2": "international units", "FL": "units", "HS": "hours",
    "MN": "months", "MJ": "minutes", "UN": "units", "VS": "visits", "WK": "weeks",
}  # fmt: skip
NETWORK = {"Y": "in network", "N": "out of network", "W": "in or out of network", "U": "unknown"}
# NM101 of the parties that a benefit names.
PARTIES = {
    "13": "contracted provider", "1I": "preferred provider", "1P": "provider", "2B":
    "third-party administrator", "36": "employer", "73": "other physician", "FA": "facility",
    "GP": "gateway", "GW": "group", "I3": "independent association", "IL": "insured", "LR":
    "legal representative", "OC": "origin carrier", "P3": "primary care provider", "P4":
    "prior insurance carrier", "P5": "plan sponsor", "PR": "payer", "PRP": "primary payer",
    "SEP": "secondary payer", "TTP": "tertiary payer", "VER": "verifier", "VN": "vendor", "VY":
    "organization", "X3": "utilization management", "Y2": "managed care organization",
}  # fmt: skip
# DTP01 of a plan's and a benefit's dates.
DATES = {
    "007": "valid", "036": "expires", "102": "issued", "431": "onset", "439": "accident",
    "456": "surgery", "484": "last period", "AAH": "event", "ABC": "due (birth)",
    "096": "discharged", "193": "period from", "194": "period to", "198": "completed",
    "290": "coordination", "291": "plan", "292": "benefit", "295": "primary care provider",
    "304": "last visit", "307": "eligible", "318": "added", "340": "COBRA from", "341": "COBRA to",
    "342": "premium paid from", "343": "premium paid to", "346": "plan from", "347": "plan to",
    "348": "benefit from", "349": "benefit to", "356": "eligible from", "357": "eligible to",
    "382": "enrolled", "435": "admitted", "442": "died", "458": "certified", "472": "service",
    "539": "policy from", "540": "policy to", "636": "last changed", "771": "status",
}  # fmt: skip

# AAA03: what was wrong, and what the desk does now.
REJECTIONS = {
    "04": ("More was asked than is allowed", "Ask for fewer service types"),
    "15": ("Required data is missing", "Complete name, birth date and member id, then ask again"),
    "33": ("The request has input errors", "Check every field of the coverage, then ask again"),
    "35": ("Out of network", "Tell the patient; check the plan's network before the visit"),
    "41": ("We may not ask this payer", "Have the office's enrolment with the payer checked"),
    "42": ("The payer cannot answer now", "It is asked again by itself; nothing to correct"),
    "43": ("The provider's id is wrong or missing", "Check the provider's NPI"),
    "44": ("The provider's name is wrong or missing", "Check the provider's name"),
    "45": ("The provider's specialty is wrong or missing", "Check the provider's taxonomy code"),
    "46": ("The provider's phone is wrong or missing", "Check the provider's phone"),
    "47": ("The provider's state is wrong or missing", "Check the provider's address"),
    "48": ("The referring provider's id is wrong or missing", "Check the referral's NPI"),
    "49": ("The provider is not this patient's primary care physician",
           "Ask the patient who is; a referral may be needed"),
    "50": ("The provider may not ask this payer", "Have the enrolment checked, or call the payer"),
    "51": ("The provider is not on the payer's file", "Check the NPI; have the enrolment checked"),
    "52": ("The provider was not in the plan on that date", "Check the date, or call the payer"),
    "53": ("This provider type cannot ask for that service", "Ask for the whole plan (30)"),
    "54": ("The kind of procedure code does not fit", "Ask by service type"),
    "55": ("The procedure code does not fit", "Check the code, or ask by service type"),
    "56": ("The date does not fit", "Check the date of the visit"),
    "57": ("The date of service is wrong or missing", "Check the date of the visit"),
    "58": ("The birth date is wrong or missing", "Ask for the birth date, then ask again"),
    "60": ("The birth date is after the date of service", "Check both dates"),
    "61": ("The payer has the patient as deceased before that date",
           "Check the person; call the payer"),
    "62": ("The date is outside what the payer answers for", "Ask for today's date"),
    "63": ("The payer does not answer for a future date", "Ask for today, again on the day"),
    "64": ("The patient's id is wrong or missing", "Read the id from the card again"),
    "65": ("The patient's name is wrong or missing", "Spell the name as on the card"),
    "66": ("The patient's sex is wrong or missing", "Check what the payer has on file"),
    "67": ("The patient was not found", "Check name, birth date and id against the card"),
    "68": ("The id belongs to more than one patient", "Add name and birth date, or call"),
    "69": ("It does not fit the patient's age", "Check the birth date"),
    "70": ("It does not fit the patient's sex", "Check what the payer has on file"),
    "71": ("The birth date is not what the payer has", "Ask for the birth date; check the card"),
    "72": ("The member id is wrong or missing", "Read the member id from the card again"),
    "73": ("The subscriber's name is wrong or missing", "Spell the name as on the card"),
    "74": ("The subscriber's sex is wrong or missing", "Check what the payer has on file"),
    "75": ("The subscriber was not found", "Check member id, name and birth date, or the payer"),
    "76": ("The member id belongs to more than one person", "Add name and birth date, or call"),
    "77": ("The subscriber was found, the patient was not",
           "Check the patient's name, birth date and relationship"),
    "78": ("The subscriber is not in that group or plan", "Check group and plan on the card"),
    "79": ("The payer's id is wrong here", "Check the plan's payer id for this connection"),
    "80": ("No answer came from the payer", "It is asked again by itself; or call"),
    "97": ("The provider's address is wrong or missing", "Check the provider's address"),
    "T4": ("The payer's name or id is missing", "Check the plan's payer id"),
    # what an authorization (278) adds
    "36": ("The provider does not take part in the plan", "Check the network, or call the payer"),
    "37": ("The referral is out of network", "Look for a provider in the network"),
    "82": ("The payer does not see the medical need", "Send the notes; ask for peer-to-peer"),
    "83": ("The level of care does not fit", "Check place and level of service"),
    "84": ("This service needs no authorization", "Nothing to do; note it with the visit"),
    "85": ("Another organization reviews this", "Ask the payer who, and send it there"),
    "86": ("The primary care physician must send it", "Ask for the referral from there"),
    "87": ("More than the plan allows", "Check what is left; ask for fewer units"),
    "88": ("The plan does not cover this", "Tell the patient before the visit"),
    "89": ("No authorization was given before", "Send an initial request"),
    "90": ("What the payer asked for has not come", "Send the documents now"),
    "91": ("The same request is there already", "Look for the first answer; do not send again"),
    "92": ("Service and diagnosis do not fit", "Check both codes with the provider"),
    "95": ("The patient is not eligible", "Verify the coverage first"),
    "96": ("A pre-existing condition", "Call the payer"),
    "98": ("The payer sees it as experimental", "Ask the provider; an appeal may be needed"),
    "AA": ("That authorization is not on file", "Check its number on the payer's letter"),
    "AE": ("The primary care physician must approve it", "Ask for the referral from there"),
    "AF": ("The diagnosis is wrong or missing", "Check the diagnosis codes with the provider"),
    "AG": ("The procedure code is wrong or missing", "Check the procedure codes"),
    "AH": ("The date of onset is wrong or missing", "Ask when it began"),
    "AI": ("The date of the accident is wrong or missing", "Ask when it happened"),
    "AJ": ("The date of the last period is wrong or missing", "Ask the patient"),
    "AK": ("The expected date of birth is wrong or missing", "Ask the patient or the provider"),
    "AL": ("The date of surgery is wrong or missing", "Check the date of the surgery"),
    "AM": ("The date of admission is wrong or missing", "Check the date of the admission"),
    "AN": ("The date of discharge is wrong or missing", "Check the date of the discharge"),
    "AO": ("More is needed on the patient's condition", "Add it, or send the notes"),
    "CI": ("The authorization is another patient's", "Check its number and the patient"),
    "E8": ("A medical review is needed", "Send the notes; watch for the decision"),
    "IA": ("That authorization number cannot be one", "Check its number on the payer's letter"),
    "MA": ("The authorization number is missing", "Add the number of the earlier decision"),
    "T5": ("The authorization is missing", "Add the number of the earlier decision"),
}  # fmt: skip
# Asked again without a correction: the fault was on the payer's side.
TRANSIENT = frozenset({"42", "80"})
# AAA04: whether and how to ask again.
FOLLOW_UP = {
    "C": "correct it and ask again", "N": "asking again is not allowed",
    "P": "ask again as it was", "R": "asking again is allowed",
    "S": "do not ask again: a third party was asked", "W": "wait 30 days, then ask again",
    "X": "wait 10 days, then ask again", "Y": "do not ask again: an answer will follow",
}  # fmt: skip


# HCR01: the payer's decision as (state, words). Public sources contradict each other on A2, A3
# and A6 (domain.md 2.7); these follow the published examples, where A6 certified 5 of 7 days.
# The raw code is kept beside it, and the office maps it for each payer.
DECISIONS = {
    "A1": ("approved", "Approved as asked"), "A2": ("partial", "Approved in part"),
    "A3": ("denied", "Not approved"), "A4": ("pended", "Not decided yet"),
    "A6": ("modified", "Approved with changes"), "C": ("cancelled", "Cancelled"),
    "CT": ("call", "Call the payer"), "NA": ("not_needed", "No authorization is needed"),
}  # fmt: skip
# HCR03 of 5010 is a list of its own (code source 886); the few that were seen, in our words.
REASONS = {"0U": "more information is needed"}
# UM01 and UM02: what is asked for, and why again.
CATEGORIES = {"AR": "admission", "HS": "health services", "IN": "individual", "SC": "referral"}
CERTIFICATIONS = {
    "1": "appeal, immediate", "2": "appeal", "3": "cancel", "4": "extension", "5": "notice",
    "6": "verification", "I": "initial", "N": "reconsideration", "R": "renewal", "S": "revised",
}  # fmt: skip

# IK304 and AK304: what is wrong with a segment.
SEGMENT_FAULTS = {
    "1": "not a segment that is known", "2": "a segment that is not expected there",
    "3": "a required segment is missing", "4": "a group of segments comes too often",
    "5": "the segment comes too often", "6": "not a segment of this transaction",
    "7": "not in the right order", "8": "one of its elements is wrong",
    "I4": "a segment that this payer does not use",
    "I6": "a segment that is needed here is missing",
    "I7": "a group of segments comes too seldom", "I8": "the segment comes too seldom",
    "I9": "a segment that may not be used here",
}  # fmt: skip
# IK403 and AK403: what is wrong with an element.
ELEMENT_FAULTS = {
    "1": "it is required and missing", "2": "it is needed here and missing",
    "3": "one element too many", "4": "too short", "5": "too long",
    "6": "a character that is not allowed", "7": "not a code that is known", "8": "not a date",
    "9": "not a time", "10": "not allowed beside another element", "12": "repeated too often",
    "13": "too many parts", "I6": "a code that this payer does not use",
    "I9": "it is needed here and missing", "I10": "an element that is not used",
    "I11": "repeated too seldom", "I12": "not of the right shape",
    "I13": "an element that may not be used here",
}  # fmt: skip
# IK502 to 506 and AK502 to 506: what is wrong with a transaction.
SET_FAULTS = {
    "1": "this kind of transaction is not taken", "2": "its end (SE) is missing",
    "3": "the control numbers of ST and SE differ", "4": "the count of segments is wrong",
    "5": "one or more segments are wrong", "6": "its kind is missing or wrong",
    "7": "its control number is missing or wrong", "18": "it does not belong in its group",
    "19": "its version is not known", "23": "its control number was used twice",
    "I5": "one or more segments are wrong", "I6": "its version is not taken",
}  # fmt: skip
# AK905 to 909: what is wrong with a group.
GROUP_FAULTS = {
    "1": "this kind of request is not taken", "2": "this version is not taken",
    "3": "the end of the group (GE) is missing", "4": "the control numbers of GS and GE differ",
    "5": "the count of transactions is wrong", "6": "its control number is wrong",
    "19": "its control number was used before",
}  # fmt: skip
# TA105: what is wrong with an interchange.
INTERCHANGE_FAULTS = {
    "000": "no fault", "001": "the control numbers of ISA and IEA differ",
    "002": "the standard is not taken", "003": "the version is not taken",
    "004": "the segment terminator is wrong", "005": "the sender's qualifier is wrong",
    "006": "the sender's id is wrong", "007": "the receiver's qualifier is wrong",
    "008": "the receiver's id is wrong", "009": "the receiver is not known",
    "010": "ISA01 is wrong", "011": "ISA02 is wrong", "012": "ISA03 is wrong",
    "013": "ISA04 is wrong", "014": "its date is wrong", "015": "its time is wrong",
    "016": "ISA11 is wrong", "017": "ISA12 is wrong", "018": "its control number is wrong",
    "019": "ISA14 is wrong", "020": "ISA15 is wrong: is it test or production?",
    "021": "the count of groups is wrong", "022": "the envelope is wrong",
    "023": "it ends too early", "024": "a group's header is wrong",
    "025": "its control number was used before", "026": "the element separator is wrong",
    "027": "the component separator is wrong", "028": "the date of delivery is wrong",
    "029": "the date of delivery is wrong", "030": "the time of delivery is wrong",
    "031": "the time of delivery is wrong",
}  # fmt: skip


def decision(code: str) -> tuple[str, str]:
    """The state and words of an HCR01; ``unknown`` and the code itself when it is not known."""
    return DECISIONS.get(code, ("unknown", f"Decision {shown(code)}"))


def reason(code: str) -> str:
    """The words of an HCR03. 4010 sends the codes of rejections there."""
    if code in REASONS:
        return REASONS[code]
    if code in REJECTIONS:
        words = REJECTIONS[code][0]
        return words[0].lower() + words[1:]
    return f"reason {shown(code)}"


def rejection(code: str, follow_up: str = "") -> tuple[str, str]:
    """What a rejection says and what to do now; an unknown code is shown as it came."""
    what, do = REJECTIONS.get(code, (f"Rejected with code {shown(code)}", "Call the payer"))
    if follow_up in ("N", "S", "W", "X", "Y") and code not in TRANSIENT:
        do = f"{do} ({FOLLOW_UP[follow_up]})"
    return what, do


def word(words: dict[str, str], code: str) -> str:
    """The word for a code, or the code itself."""
    return words.get(code) or shown(code)


def shown(code: str) -> str:
    """An unknown code as it came, safe to show; a longer text could be somebody's name."""
    return code if code.isascii() and code.isprintable() and len(code) <= 10 else "?"
