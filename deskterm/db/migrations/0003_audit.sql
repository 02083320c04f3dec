ALTER TABLE "journal" ADD COLUMN "sealed" INTEGER;

ALTER TABLE "journal" ADD COLUMN "mono" INTEGER;

ALTER TABLE "journal" ADD COLUMN "boot" TEXT;

ALTER TABLE "journal" ADD COLUMN "session" TEXT;

ALTER TABLE "journal" ADD COLUMN "origin" TEXT;

CREATE TABLE "journal_patient" ("patient_id" INTEGER NOT NULL, "seq" INTEGER NOT NULL, PRIMARY KEY ("patient_id", "seq")) STRICT, WITHOUT ROWID;

CREATE INDEX draft_copy ON draft (state, heading, form, desk, subject_id, status, reason, opened_at, saved_at);

CREATE INDEX fhir_source_copy ON fhir_source (digest, taken, imported_at);

CREATE INDEX free_horizon_copy ON free_horizon (laid_until);

CREATE INDEX slot_hold_copy ON slot_hold (expires_at, starts_at, minutes, desk, staff);
