"""X12 as a payer writes it, made by hand for the tests, and where the published samples lie."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

ISA = (
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         *260318*0905*^*00501"
    "*000000905*0*P*:"
)


def x12(
    body: Iterable[str] | str,
    *,
    set_code: str = "271",
    version: str = "005010X279A1",
    isa: str = ISA,
    terminator: str = "~",
    between: str = "\n",
) -> str:
    """An interchange of one transaction, its counts right. ``body``: segments, or lines of them."""
    segments = body.split("\n") if isinstance(body, str) else list(body)
    segments = [s.strip() for s in segments if s.strip()]
    group = {"271": "HB", "278": "HI", "999": "FA", "997": "FA"}.get(set_code, "HS")
    lines = [
        isa,
        f"GS*{group}*PAYER*CLINIC*20260318*0905*77*X*{version}",
        f"ST*{set_code}*0001*{version}",
        *segments,
        f"SE*{len(segments) + 2}*0001",
        "GE*1*77",
        f"IEA*1*{isa.split('*')[13]}",
    ]
    return "".join(line + terminator + between for line in lines)


TOP = """
BHT*0022*11*T1*20260318*0905
HL*1**20*1
NM1*PR*2*ABC COMPANY*****PI*842610001
HL*2*1*21*1
NM1*1P*2*BONE AND JOINT CLINIC*****XX*1234567893
"""
SUBSCRIBER = """
HL*3*2*22*0
TRN*2*T1*1123456789
NM1*IL*1*SMITH*JOHN*Q**JR*MI*123456789
N3*1 ELM ST*APT 2
N4*DECATUR*IL*62521
DMG*D8*19630519*M
DTP*346*D8*20060101
"""
DEPENDENT = """
HL*4*3*23*0
TRN*2*T1*1123456789
NM1*03*1*SMITH*MARY
DMG*D8*20100102*F
INS*N*19
"""


def answer(lines: str = "", *, who: str = SUBSCRIBER, **more: str) -> str:
    """A 271 on a subscriber (or ``who``), with what hangs below."""
    return x12(TOP + who + lines, **more)


AUTHORIZED = """
BHT*0007*11*A12345*20260318*1102*18
HL*1**20*1
NM1*X3*2*MARYLAND CAPITAL*****46*789312
PER*IC*REVIEW*TE*4025550123
HL*2*1*21*1
NM1*1P*1*GARDENER*JAMES****XX*1234567893
HL*3*2*22*1
NM1*IL*1*SMITH*JOE****MI*12345678901
DMG*D8*19580322*M
HL*4*3*EV*1
TRN*2*111099*1123456789
UM*HS*I*3*11:B
HCR*A1*AUTH0001
DTP*AAH*RD8*20260401-20260701
HI*ABK:M5450*ABF:M545
HSD*VS*12
MSG*CALL BEFORE THE FIRST VISIT
NM1*SJ*1*WATSON*SUSAN****XX*1234567893
PER*IC**TE*4025550124
HL*5*4*SS*0
TRN*2*111099-1*1123456789
HCR*A6*AUTH0001-1
DTP*472*RD8*20260401-20260501
SV1*HC:97110:GP**UN*8
HL*6*4*SS*0
HCR*A3**0U
SV1*HC:97140**UN*8
"""

REFUSED_999 = """
AK1*HS*12*005010X279A1
AK2*270*0001*005010X279A1
IK3*NM1*5*2100*8
IK4*9*67*7*BAD ID
IK5*R*5
AK2*270*0002*005010X279A1
IK5*A
AK9*P*2*2*1
"""


def seeds() -> list[str]:
    """One text of each kind, for mutations and truncations."""
    lines = "EB*1*IND*30**GOLD\nEB*C*IND*30***29*250\nLS*2120\nNM1*P3*1*JONES\nLE*2120"
    return [
        answer(lines + "\nEB*A*IND*98*****.2****Y\nMSG*SPECIALIST\nAAA*N**42*P"),
        answer(
            "EB*B**1^33^35*HM*GOLD*27*10.50*****Y\nDTP*292*RD8*20260101-20261231", who=DEPENDENT
        ),
        x12(AUTHORIZED, set_code="278", version="005010X217"),
        x12(REFUSED_999, set_code="999", version="005010X231A1"),
        f"{ISA}~TA1*000000907*260318*0905*R*020~IEA*0*000000905~",
        answer(isa=ISA.replace("^*00501", "U*00401"), terminator="\r\n", between=""),
    ]


def sample_folder() -> Path | None:
    """Where the published samples lie beside the repository, or None."""
    for parent in Path(__file__).resolve().parents:
        folder = parent / "shared" / "samples" / "x12"
        if folder.is_dir():
            return folder
    return None


def sample_files(kind: str) -> list[Path]:
    folder = sample_folder()
    return sorted((folder / kind).iterdir()) if folder else []


def need_samples() -> Path:
    """The folder of samples; skips loudly where there is none."""
    import pytest  # not at the top: the fuzzing runs without it

    folder = sample_folder()
    if folder is None:
        pytest.skip("NO SAMPLES: shared/samples/x12 is not beside the repository")
    return folder
