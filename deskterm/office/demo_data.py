"""What the sample clinic is made of. Everybody in it is invented; phones are 555-01xx."""

from __future__ import annotations

from dataclasses import dataclass

CLINIC = "Main St Clinic"
ZONE = "America/Chicago"

LOCATIONS = (
    ("MAIN", "Main St", "R", "100 Main St\nDecatur, IL 62521", "+12175550100",
     ("Room 1", "Room 2", "Room 3", "Room 4", "Room 5", "Room 6", "Lab")),
    ("EAST", "East Side", "E", "2200 E Wood St\nDecatur, IL 62521", "+12175550101",
     ("Room 1", "Room 2", "Room 3")),
)  # fmt: skip

# login, name, role
STAFF = (
    ("mlopez", "Maria Lopez", "front_desk"),
    ("dchen", "David Chen", "front_desk"),
    ("dana", "Dana Reed", "clinician"),
    ("bpark", "Bora Park", "biller"),
    ("kross", "Karen Ross", "manager"),
    ("alee", "Anna Lee", "clinician"),
    ("pvega", "Pia Vega", "privacy_officer"),
    ("itsam", "Sam Ito", "administrator"),
)
MANAGER = "kross"  # agrees where two people add somebody
# Practice only: every one is printed by ``deskterm demo`` and may be stated on its screens.
PINS = {
    "mlopez": "482915", "dchen": "739164", "dana": "650283", "bpark": "914726",
    "kross": "385602", "alee": "571849", "pvega": "826395", "itsam": "463978",
    "admin": "297461",
}  # fmt: skip
OWN_COLUMNS = (("dana", "RN"), ("alee", "LEE"))
POOLS = (
    ("RN", "Nurses", ("dana",)),
    ("DESK", "Front desk", ("mlopez", "dchen")),
    ("BILL", "Billing", ("bpark",)),
)


@dataclass(frozen=True)
class DemoProvider:
    """A provider: hours as ``(weekday, start, end)``, lunch and admin as minutes of the day."""

    code: str
    first_name: str
    last_name: str
    credential: str
    specialty: str
    location: str
    hours: tuple[tuple[int, int, int], ...]
    lunch: tuple[int, int]
    admin: tuple[tuple[int, int, int], ...] = ()
    takes: tuple[str, ...] = ()
    books: tuple[str, ...] = ("FU", "FU", "FU", "NV", "PE", "FU", "BP")
    share: float = 0.85  # of the clinic's usual density of visits


def _week(start: int, end: int, *, friday: int = 0) -> tuple[tuple[int, int, int], ...]:
    return tuple((day, start, friday if friday and day == 4 else end) for day in range(5))


PROVIDERS = (
    DemoProvider("LEE", "Anna", "Lee", "MD", "family medicine", "MAIN",
                 _week(480, 1020), (720, 780), ((2, 930, 960), (4, 930, 960))),
    DemoProvider("PATEL", "Ravi", "Patel", "MD", "internal medicine", "MAIN",
                 _week(480, 1020), (735, 795), ((0, 945, 990),)),
    DemoProvider("NOVAK", "Petra", "Novak", "NP", "family medicine", "MAIN",
                 _week(480, 1020, friday=960), (690, 750), ((1, 480, 510),)),
    DemoProvider("RN", "Dana", "Reed", "RN", "nurse visits", "MAIN",
                 _week(480, 1020), (780, 810), (), ("BP", "INJ", "LAB"),
                 ("BP", "INJ", "LAB", "LAB"), 0.45),
    DemoProvider("ORTEGA", "Luis", "Ortega", "MD", "family medicine", "EAST",
                 _week(510, 1020), (720, 780), ((3, 960, 1020),)),
    DemoProvider("KIM", "Soo", "Kim", "PA", "family medicine", "EAST",
                 _week(480, 990), (750, 795)),
)  # fmt: skip

# code, name, minutes, aliases, new patient, copay applies, wait limit
VISIT_TYPES = (
    ("FU", "follow-up", 20, "followup follow return recheck", False, True, 30),
    ("NV", "new problem", 40, "problem newproblem", False, True, 30),
    ("PE", "physical", 40, "physical annual wellness", False, True, 30),
    ("NP", "new patient", 40, "newpatient", True, True, 30),
    ("BP", "blood pressure check", 15, "pressure", False, False, 20),
    ("INJ", "injection", 15, "shot vaccine flu", False, False, 20),
    ("LAB", "lab draw", 15, "blood draw", False, False, 20),
)

# code, name, payer, type, copay in cents, how many patients in a hundred
PLANS = (
    ("AETPPO", "Aetna PPO", "Aetna", "PPO", 2500, 24),
    ("BCHMO", "BlueCross HMO", "BlueCross", "HMO", 2000, 22),
    ("UNITED", "United Choice", "United", "PPO", 3000, 16),
    ("MCR", "Medicare", "Medicare", "MEDICARE", None, 16),
    ("MCD", "Medicaid", "Medicaid", "MEDICAID", None, 14),
    ("SELF", "Self-pay", "Self-pay", "SELF", 4000, 8),
)

WOMEN = (
    "Maria", "Wilma", "Gloria", "Linda", "Susan", "Karen", "Nancy", "Lisa", "Betty", "Sandra",
    "Ashley", "Emily", "Carol", "Amanda", "Melissa", "Stephanie", "Rebecca", "Laura", "Cynthia",
    "Amy", "Angela", "Brenda", "Pamela", "Nicole", "Ruth", "Katherine", "Virginia", "Rachel",
    "Janet", "Heather", "Diane", "Julie", "Joyce", "Victoria", "Kelly", "Christina", "Evelyn",
    "Lauren", "Judith", "Olivia", "Frances", "Martha", "Cheryl", "Megan", "Andrea", "Ann",
    "Alice", "Jean", "Doris", "Teresa", "Sara", "Rose", "Grace", "Denise", "Amber", "Beverly",
    "Fatima", "Mei", "Priya", "Sofía", "Inés", "Aisha", "Yuki", "Zofia",
)  # fmt: skip
MEN = (
    "Robert", "John", "Michael", "David", "William", "Richard", "Joseph", "Thomas", "Charles",
    "Daniel", "Matthew", "Anthony", "Mark", "Donald", "Steven", "Andrew", "Paul", "Joshua",
    "Kenneth", "Kevin", "Brian", "Timothy", "Ronald", "George", "Jason", "Edward", "Jeffrey",
    "Ryan", "Jacob", "Gary", "Nicholas", "Eric", "Jonathan", "Stephen", "Larry", "Justin",
    "Scott", "Brandon", "Benjamin", "Samuel", "Gregory", "Frank", "Raymond", "Patrick", "Jack",
    "Dennis", "Jerry", "Tyler", "Aaron", "Henry", "Douglas", "Peter", "Adam", "Nathan", "Omar",
    "Hugo", "José", "Andrés", "Raj", "Wei", "Piotr", "Ahmed", "Minh", "Kenji",
)  # fmt: skip
SURNAMES = (
    "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez",
    "Hernandez", "Lopez", "Gonzalez", "Wilson", "Anderson", "Thomas", "Taylor", "Moore",
    "Jackson", "Martin", "Perez", "Thompson", "White", "Harris", "Sanchez", "Clark", "Ramirez",
    "Lewis", "Robinson", "Walker", "Young", "Allen", "King", "Wright", "Scott", "Torres",
    "Hill", "Flores", "Green", "Adams", "Nelson", "Baker", "Hall", "Rivera", "Campbell",
    "Mitchell", "Carter", "Roberts", "Gomez", "Phillips", "Evans", "Turner", "Parker", "Cruz",
    "Edwards", "Collins", "Reyes", "Stewart", "Morris", "Morales", "Murphy", "Cook", "Rogers",
    "Cooper", "Peterson", "Bailey", "Reed", "Kelly", "Howard", "Ramos", "Ward", "Cox",
    "Richardson", "Watson", "Brooks", "Bennett", "Gray", "James", "Hughes", "Price", "Myers",
    "Long", "Foster", "Sanders", "Ross", "Powell", "Sullivan", "Russell", "Ortiz", "Jenkins",
    "Perry", "Butler", "Barnes", "Fisher", "Kowalski", "Novotny", "Schmidt", "Weber", "Singh",
    "Sharma", "Khan", "Hassan", "Chen", "Wang", "Park", "Tanaka", "Nakamura", "Tran", "Pham",
    "Okafor", "Mensah", "Haddad", "Silva", "Costa", "Rossi", "Dubois", "Larsen", "Lindqvist",
)  # fmt: skip
STREETS = (
    "Elm St", "Oak St", "Maple Ave", "Wood St", "Water St", "Franklin St", "Church St", "Pine St",
    "Cedar Ln", "Grand Ave", "Lake Shore Dr", "Union St", "Prairie Ave", "Monroe St", "Hickory Ct",
)  # fmt: skip
TOWNS = (("Decatur", "62521"), ("Decatur", "62526"), ("Forsyth", "62535"), ("Mt Zion", "62549"),
         ("Macon", "62544"), ("Springfield", "62704"))  # fmt: skip
AREA_CODES = ("217", "312", "309", "618", "815", "773", "630", "847", "708", "224")
PHARMACIES = ("Elm St Pharmacy", "Prairie Drugs", "Union Pharmacy, Forsyth")
ALERTS = (
    "Latex allergy: nitrile gloves", "Hard of hearing: speak to the left side",
    "Uses a wheelchair: room 4", "Fall risk: walk with them", "Service dog comes along",
)  # fmt: skip


@dataclass(frozen=True)
class Somebody:
    """A patient who is always there, whatever the seed."""

    last_name: str
    first_name: str
    born: str
    sex: str
    middle_name: str = ""
    preferred_name: str = ""
    previous_last_name: str = ""
    pronunciation: str = ""
    language: str = "en"
    interpreter_needed: bool = False
    alert: str = ""
    plan: str = "AETPPO"


PEOPLE = (
    Somebody("Smith", "Joan", "1982-03-14", "F", "M"),
    Somebody("Smith", "Joan", "1975-08-02", "F", "T", plan="BCHMO"),
    Somebody("Smith", "John", "1958-11-21", "M", plan="MCR"),
    Somebody("Smythe", "Joanne", "1982-06-30", "F"),
    Somebody("Jones", "Wilma", "1957-11-02", "F", "R", plan="AETPPO"),
    Somebody("Ortiz", "Gloria", "1971-05-05", "F", language="es", interpreter_needed=True),
    Somebody("Alvarez", "María", "1966-09-17", "F", "E", language="es", plan="BCHMO"),
    Somebody("Boone", "Theodore", "1949-01-29", "M", preferred_name="Ted", plan="MCR"),
    Somebody("Cho", "Yuna", "1990-12-08", "F", plan="UNITED"),
    Somebody("Diaz", "Pedro", "1984-07-04", "M", plan="MCD"),
    Somebody("Faber", "Lena", "1979-04-23", "F", plan="BCHMO"),
    Somebody("Grant", "Harold", "1944-10-11", "M", alert=ALERTS[1], plan="MCR"),
    Somebody("Cole", "Bernard", "1961-02-19", "M"),
    Somebody("Xu", "Ming", "1988-08-08", "M", language="zh", interpreter_needed=True),
    Somebody("Baker", "Sandra", "1969-06-06", "F", previous_last_name="Whitfield"),
    Somebody("O'Neil", "Patrick", "1953-03-17", "M", "J", plan="MCR"),
    Somebody("Garcia-Lopez", "Ana", "1993-01-05", "F", language="es", plan="MCD"),
    Somebody("De la Cruz", "Rosa", "1986-05-30", "F", plan="MCD"),
    Somebody("Nguyễn", "Thị Hương", "1964-02-14", "F", preferred_name="Helen",
             pronunciation="NWIN, not NUH-goo-yen", language="vi", interpreter_needed=True),
    Somebody("Müller", "Jürgen", "1955-12-01", "M", plan="MCR"),
    Somebody("D'Angelo", "Francesca", "1998-10-20", "F", plan="UNITED"),
    Somebody("Ní Bhriain", "Siobhán", "1977-04-12", "F", pronunciation="shi-VAWN"),
    Somebody("Al-Masri", "Layla", "1991-09-09", "F", language="ar", interpreter_needed=True,
             plan="MCD"),
    Somebody("Kowalczyk", "Stanisław", "1938-05-03", "M", language="pl", alert=ALERTS[3],
             plan="MCR"),
)  # fmt: skip

CALLS = (
    ("Prairie Drugs", "pharmacy", "rx", "Asks for a new prescription of lisinopril 10 mg, 90 days",
     "+12175550171"),
    ("unknown", "self", "appt", "Wants to come before the holiday, mornings only", "+12175550172"),
    ("daughter", "child", "result", "Asks for the lab result of last week", "+13125550173"),
    ("unknown", "self", "bill", "Got a bill although the copay was paid at the desk",
     "+12175550174"),
    ("husband", "spouse", "ref", "Needs the referral to the cardiologist by Friday",
     "+12175550175"),
)  # fmt: skip
URGENT_CALL = "Chest feels tight since last night when climbing stairs, none now. Wants advice"
NOTES = (
    "brings her daughter", "fasting since midnight", "wants the form for work signed",
    "bring the blood pressure diary", "results of last week", "prefers the afternoon",
)  # fmt: skip
