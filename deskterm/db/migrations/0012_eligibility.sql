-- Who pays: what plans need, the order of plans, what payers were asked and answered

CREATE TABLE "case_policy" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "coverage_id" INTEGER NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('work', 'auto', 'liability')), "injured_on" TEXT NOT NULL, "state" TEXT NOT NULL, "claim_number" TEXT NOT NULL, "employer" TEXT NOT NULL, "adjuster" TEXT NOT NULL, "adjuster_phone" TEXT NOT NULL, "closed_on" TEXT, FOREIGN KEY ("coverage_id") REFERENCES "coverage" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "msp_questionnaire" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "asked_on" TEXT NOT NULL, "asked_by" TEXT NOT NULL, "works" INTEGER NOT NULL, "disabled" INTEGER NOT NULL, "employees" INTEGER NOT NULL, "kidney_since" TEXT, "accident" TEXT NOT NULL CHECK (accident IN ('', 'work', 'auto', 'liability')), "black_lung" INTEGER NOT NULL, "veterans" INTEGER NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "inquiry" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "coverage_id" INTEGER NOT NULL, "appointment_id" INTEGER, "service_day" TEXT NOT NULL, "services" TEXT NOT NULL, "trace" TEXT NOT NULL, "state" TEXT NOT NULL CHECK (state IN ('waiting', 'answered', 'failed', 'withdrawn')), "asked_at" TEXT NOT NULL, "asked_by" TEXT NOT NULL, "failure" TEXT NOT NULL, "request" TEXT NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("coverage_id") REFERENCES "coverage" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "eligibility_answer" ("id" INTEGER NOT NULL PRIMARY KEY, "patient_id" INTEGER NOT NULL, "coverage_id" INTEGER NOT NULL, "inquiry_id" INTEGER, "appointment_id" INTEGER, "received_at" TEXT NOT NULL, "method" TEXT NOT NULL CHECK (method IN ('271', 'portal', 'phone', 'file')), "by" TEXT NOT NULL, "service_day" TEXT NOT NULL, "status" TEXT NOT NULL CHECK (status IN ('not_checked', 'active', 'inactive', 'issue', 'unable', 'self_pay')), "payer" TEXT NOT NULL, "plan" TEXT NOT NULL, "member_id" TEXT NOT NULL, "trace" TEXT NOT NULL, "source" TEXT NOT NULL, "representative" TEXT NOT NULL, "reference" TEXT NOT NULL, "ends_on" TEXT, "has_benefits" INTEGER NOT NULL, "copay_cents" INTEGER, "deductible_left_cents" INTEGER, "differs" TEXT NOT NULL, "note" TEXT NOT NULL, "lines_digest" TEXT NOT NULL, "raw" TEXT NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("coverage_id") REFERENCES "coverage" ("id") ON DELETE RESTRICT, FOREIGN KEY ("inquiry_id") REFERENCES "inquiry" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "benefit" ("id" INTEGER NOT NULL PRIMARY KEY, "answer_id" INTEGER NOT NULL, "line" INTEGER NOT NULL, "position" INTEGER NOT NULL, "code" TEXT NOT NULL, "level" TEXT NOT NULL, "services" TEXT NOT NULL, "insurance" TEXT NOT NULL, "plan" TEXT NOT NULL, "period" TEXT NOT NULL, "amount_cents" INTEGER, "share" INTEGER, "quantity_kind" TEXT NOT NULL, "quantity" TEXT NOT NULL, "authorization" TEXT NOT NULL, "network" TEXT NOT NULL, "procedure" TEXT NOT NULL, "messages" TEXT NOT NULL, "dates" TEXT NOT NULL, "parties" TEXT NOT NULL, "raw" TEXT NOT NULL, FOREIGN KEY ("answer_id") REFERENCES "eligibility_answer" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "eligibility_rejection" ("id" INTEGER NOT NULL PRIMARY KEY, "answer_id" INTEGER NOT NULL, "code" TEXT NOT NULL, "follow_up" TEXT NOT NULL, "level" TEXT NOT NULL, "what" TEXT NOT NULL, "do" TEXT NOT NULL, FOREIGN KEY ("answer_id") REFERENCES "eligibility_answer" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "verify_assignment" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "appointment_id" INTEGER NOT NULL, "login" TEXT NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT) STRICT;

ALTER TABLE "plan" ADD COLUMN "claims_address" TEXT NOT NULL DEFAULT '';

ALTER TABLE "plan" ADD COLUMN "auth_phone" TEXT NOT NULL DEFAULT '';

ALTER TABLE "plan" ADD COLUMN "lab" TEXT NOT NULL DEFAULT '';

ALTER TABLE "plan" ADD COLUMN "pcp_required" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "plan" ADD COLUMN "services" TEXT NOT NULL DEFAULT '';

ALTER TABLE "plan" ADD COLUMN "inverted_share" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "plan" ADD COLUMN "copay_after_deductible" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "plan" ADD COLUMN "family_counts" INTEGER NOT NULL DEFAULT 1;

ALTER TABLE "plan" ADD COLUMN "no_cost_share" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "plan" ADD COLUMN "note" TEXT NOT NULL DEFAULT '';

ALTER TABLE "visit_type" ADD COLUMN "services" TEXT NOT NULL DEFAULT '';

ALTER TABLE "visit_type" ADD COLUMN "preventive" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "visit_type" ADD COLUMN "usual_codes" TEXT NOT NULL DEFAULT '';

ALTER TABLE "coverage" ADD COLUMN "subscriber_sex" TEXT NOT NULL DEFAULT '';

ALTER TABLE "coverage" ADD COLUMN "pcp" TEXT NOT NULL DEFAULT '';

ALTER TABLE "coverage" ADD COLUMN "card_front" TEXT NOT NULL DEFAULT '';

ALTER TABLE "coverage" ADD COLUMN "card_back" TEXT NOT NULL DEFAULT '';

ALTER TABLE "coverage" ADD COLUMN "standing" TEXT NOT NULL DEFAULT '' CHECK (standing IN ('', 'active', 'retired', 'cobra', 'individual'));

ALTER TABLE "coverage" ADD COLUMN "household" TEXT NOT NULL DEFAULT '' CHECK (household IN ('', 'together', 'decree', 'custodial', 'custodial_spouse', 'other', 'other_spouse'));

ALTER TABLE "coverage" ADD COLUMN "benefits_on" TEXT;

-- The columns stand as the model says; no stored row changes.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = 'CREATE TABLE "coverage" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "plan_id" INTEGER NOT NULL, "member_id" TEXT NOT NULL, "group_number" TEXT NOT NULL, "relationship" TEXT NOT NULL CHECK (relationship IN (''18'', ''01'', ''19'', ''20'', ''21'', ''39'', ''40'', ''53'', ''G8'')), "subscriber_name" TEXT NOT NULL, "subscriber_birth_date" TEXT, "starts_on" TEXT, "ends_on" TEXT, "priority" INTEGER NOT NULL, "copay_cents" INTEGER, "card_seen_on" TEXT, "eligibility" TEXT NOT NULL CHECK (eligibility IN (''not_checked'', ''active'', ''inactive'', ''issue'', ''unable'', ''self_pay'')), "verified_on" TEXT, "verified_by" TEXT NOT NULL, "subscriber_sex" TEXT NOT NULL DEFAULT '''', "pcp" TEXT NOT NULL DEFAULT '''', "card_front" TEXT NOT NULL DEFAULT '''', "card_back" TEXT NOT NULL DEFAULT '''', "standing" TEXT NOT NULL DEFAULT '''' CHECK (standing IN ('''', ''active'', ''retired'', ''cobra'', ''individual'')), "household" TEXT NOT NULL DEFAULT '''' CHECK (household IN ('''', ''together'', ''decree'', ''custodial'', ''custodial_spouse'', ''other'', ''other_spouse'')), "benefits_on" TEXT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE RESTRICT) STRICT' WHERE type = 'table' AND name = 'coverage';

PRAGMA writable_schema = RESET;

CREATE UNIQUE INDEX "case_policy_coverage_id" ON "case_policy" ("coverage_id");

CREATE INDEX "msp_questionnaire_patient_id" ON "msp_questionnaire" ("patient_id");

CREATE INDEX "inquiry_appointment_id" ON "inquiry" ("appointment_id");

CREATE INDEX "inquiry_coverage_id" ON "inquiry" ("coverage_id");

CREATE INDEX "inquiry_patient_id" ON "inquiry" ("patient_id");

CREATE UNIQUE INDEX "inquiry_trace" ON "inquiry" ("trace");

CREATE INDEX "eligibility_answer_appointment_id" ON "eligibility_answer" ("appointment_id");

CREATE INDEX "eligibility_answer_coverage_id" ON "eligibility_answer" ("coverage_id");

CREATE INDEX "eligibility_answer_inquiry_id" ON "eligibility_answer" ("inquiry_id");

CREATE INDEX "eligibility_answer_patient_id" ON "eligibility_answer" ("patient_id");

CREATE TRIGGER eligibility_answer_no_delete BEFORE DELETE ON eligibility_answer BEGIN SELECT RAISE(ABORT, 'what a payer answered is never changed'); END;

CREATE TRIGGER eligibility_answer_no_update BEFORE UPDATE ON eligibility_answer BEGIN SELECT RAISE(ABORT, 'what a payer answered is never changed'); END;

CREATE INDEX "benefit_answer_id" ON "benefit" ("answer_id");

CREATE TRIGGER benefit_no_delete BEFORE DELETE ON benefit BEGIN SELECT RAISE(ABORT, 'what a payer answered is never changed'); END;

CREATE TRIGGER benefit_no_update BEFORE UPDATE ON benefit BEGIN SELECT RAISE(ABORT, 'what a payer answered is never changed'); END;

CREATE INDEX "eligibility_rejection_answer_id" ON "eligibility_rejection" ("answer_id");

CREATE TRIGGER eligibility_rejection_no_delete BEFORE DELETE ON eligibility_rejection BEGIN SELECT RAISE(ABORT, 'what a payer answered is never changed'); END;

CREATE TRIGGER eligibility_rejection_no_update BEFORE UPDATE ON eligibility_rejection BEGIN SELECT RAISE(ABORT, 'what a payer answered is never changed'); END;

CREATE UNIQUE INDEX "verify_assignment_appointment_id" ON "verify_assignment" ("appointment_id");
