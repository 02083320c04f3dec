ALTER TABLE "draft" RENAME TO "draft_before";

CREATE TABLE "draft" ("id" INTEGER NOT NULL PRIMARY KEY, "key" TEXT NOT NULL, "owner" TEXT NOT NULL, "desk" TEXT NOT NULL, "form" TEXT NOT NULL, "heading" TEXT NOT NULL, "patient_id" INTEGER, "subject_id" INTEGER, "state" TEXT NOT NULL, "status" TEXT NOT NULL CHECK (status IN ('open', 'done', 'dropped')), "reason" TEXT NOT NULL, "opened_at" TEXT NOT NULL, "saved_at" TEXT NOT NULL, "step" TEXT NOT NULL, "cause" TEXT NOT NULL, "parked_at" TEXT, "seen" INTEGER NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT;

INSERT INTO "draft" ("id", "key", "owner", "desk", "form", "heading", "patient_id", "subject_id", "state", "status", "reason", "opened_at", "saved_at", "step", "cause", "parked_at", "seen") SELECT "id", "key", "owner", "desk", "form", "heading", "patient_id", "subject_id", "state", "status", "reason", "opened_at", "saved_at", '', '', "saved_at", 0 FROM "draft_before";

DROP TABLE "draft_before";

CREATE UNIQUE INDEX "draft_key" ON "draft" ("key");

CREATE INDEX "draft_owner" ON "draft" ("owner");

CREATE INDEX "draft_patient_id" ON "draft" ("patient_id");

CREATE INDEX draft_copy ON draft (state, heading, form, desk, subject_id, status, reason, opened_at, saved_at, step, cause, parked_at, seen);
