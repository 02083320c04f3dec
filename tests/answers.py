"""Eligibility answers for tests, written by hand of what payers send."""

from __future__ import annotations

from datetime import date


def answer(
    *lines: str,
    trace: str = "DT1",
    last: str = "EXAMPLE",
    first: str = "PAT",
    member: str = "W123456789",
    born: date | None = date(1982, 3, 14),
    dependent: bool = False,
    payer: str = "AETNA",
    before: tuple[str, ...] = (),
    people: tuple[str, ...] = (),
    control: int = 1,
) -> str:
    """A 271 about one person; ``lines`` are their EB, MSG, AAA ... without the terminator.

    ``before`` stands before the lines (DTP, INS), ``people`` instead of the whole person.
    """
    body = [
        "BHT*0022*11*R1*20260317*0900", "HL*1**20*1", f"NM1*PR*2*{payer}*****PI*60054",
        "HL*2*1*21*1", "NM1*1P*2*MAIN STREET*****XX*1234567893",
    ]  # fmt: skip
    demographics = [f"DMG*D8*{born:%Y%m%d}*F"] if born else []
    trn = [f"TRN*2*{trace}*1123456789"] if trace else []
    if people:
        body += people
    elif dependent:
        body += ["HL*3*2*22*1", f"NM1*IL*1*PARENT*ANN****MI*{member}"]
        body += ["HL*4*3*23*0", *trn, f"NM1*03*1*{last}*{first}", *demographics, *before, *lines]
    else:
        body += ["HL*3*2*22*0", *trn, f"NM1*IL*1*{last}*{first}****MI*{member}"]
        body += [*demographics, *before, *lines]
    number = f"{control:09}"
    rows = [
        f"ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         *260317*0900*^*00501"
        f"*{number}*0*P*:",
        f"GS*HB*PAYER*CLINIC*20260317*0900*{control}*X*005010X279A1",
        "ST*271*0001*005010X279A1", *body, f"SE*{len(body) + 2}*0001", f"GE*1*{control}",
        f"IEA*1*{number}",
    ]  # fmt: skip
    return "".join(f"{row}~\n" for row in rows)


# A plan with everything a desk quotes: copays by kind of doctor, what is left, in and out.
PPO = (
    "EB*1*IND*30**OPEN CHOICE",
    "DTP*346*D8*20260101",
    "EB*C*IND*30***23*1500*****Y", "EB*C*IND*30***29*310*****Y",
    "EB*C*FAM*30***23*3000*****Y", "EB*C*FAM*30***29*1200*****Y",
    "EB*C*IND*30***29*5000*****N",
    "EB*G*IND*30***29*2400*****Y", "EB*G*FAM*30***29*4800*****Y",
    "EB*B*IND*98***27*25*****Y", "MSG*PCP",
    "EB*B*IND*98***27*45*****Y", "MSG*SPECIALIST",
    "EB*B*IND*UC***27*60*****Y",
    "EB*A*IND*30*****.2****Y", "EB*A*IND*30*****.4****N",
    "EB*A*IND*62*****.2***Y*Y", "MSG*SUBJECT TO DEDUCTIBLE",
)  # fmt: skip


def decision(trace: str, *lines: str, control: int = 1) -> str:
    """A 278 answer to the request with this trace; ``lines`` are its HCR, HSD, DTP, AAA ..."""
    body = [
        "BHT*0007*11*R1*20260318*0900*18", "HL*1**20*1", "NM1*X3*2*AETNA*****PI*60054",
        "HL*2*1*21*1", "NM1*1P*2*MAIN STREET*****XX*1234567893", "HL*3*2*22*1",
        "NM1*IL*1*EXAMPLE*PAT****MI*W123456789", "HL*4*3*EV*0", f"TRN*2*{trace}*1123456789",
        "UM*HS*I*3*11:B", *lines,
    ]  # fmt: skip
    number = f"{control:09}"
    rows = [
        f"ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         *260318*0900*^*00501"
        f"*{number}*0*P*:",
        f"GS*HI*PAYER*CLINIC*20260318*0900*{control}*X*005010X217",
        "ST*278*0001*005010X217", *body, f"SE*{len(body) + 2}*0001", f"GE*1*{control}",
        f"IEA*1*{number}",
    ]  # fmt: skip
    return "".join(f"{row}~\n" for row in rows)
