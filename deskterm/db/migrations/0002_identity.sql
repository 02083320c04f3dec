CREATE TABLE "approval" ("id" INTEGER NOT NULL PRIMARY KEY, "operation" TEXT NOT NULL, "actor_id" INTEGER NOT NULL, "approver_id" INTEGER NOT NULL, "entity" TEXT NOT NULL, "entity_id" INTEGER, "at" TEXT NOT NULL, "desk" TEXT NOT NULL, "reason" TEXT NOT NULL, FOREIGN KEY ("actor_id") REFERENCES "staff" ("id") ON DELETE RESTRICT, FOREIGN KEY ("approver_id") REFERENCES "staff" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "break_glass" ("id" INTEGER NOT NULL PRIMARY KEY, "staff_id" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "desk" TEXT NOT NULL, "at" TEXT NOT NULL, "until" TEXT NOT NULL, "code" TEXT NOT NULL, "reason" TEXT NOT NULL, "reviewed_at" TEXT, "reviewer_id" INTEGER, "note" TEXT NOT NULL, FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE RESTRICT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("reviewer_id") REFERENCES "staff" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "credential" ("id" INTEGER NOT NULL PRIMARY KEY, "staff_id" INTEGER NOT NULL, "kind" TEXT CHECK (kind IN ('pin', 'password')), "hash" TEXT NOT NULL, "set_at" TEXT NOT NULL, "totp" TEXT NOT NULL, "totp_on" INTEGER NOT NULL, "totp_step" INTEGER NOT NULL, FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "recovery_code" ("id" INTEGER NOT NULL PRIMARY KEY, "staff_id" INTEGER NOT NULL, "hash" TEXT NOT NULL, "used_at" TEXT, FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "session" ("id" INTEGER NOT NULL PRIMARY KEY, "staff_id" INTEGER NOT NULL, "desk" TEXT NOT NULL, "origin" TEXT NOT NULL, "started_at" TEXT NOT NULL, "seen_at" TEXT NOT NULL, "ended_at" TEXT, "how" TEXT NOT NULL, "taken_by" TEXT NOT NULL, FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "staff_provider" ("id" INTEGER NOT NULL PRIMARY KEY, "staff_id" INTEGER NOT NULL, "provider_id" INTEGER NOT NULL, FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE RESTRICT, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "throttle" ("id" INTEGER NOT NULL PRIMARY KEY, "login" TEXT NOT NULL, "purpose" TEXT NOT NULL, "tries" INTEGER NOT NULL, "boot" TEXT NOT NULL, "mono_ms" INTEGER NOT NULL) STRICT;

CREATE INDEX "approval_actor_id" ON "approval" ("actor_id");

CREATE INDEX "approval_approver_id" ON "approval" ("approver_id");

CREATE INDEX "break_glass_staff_id" ON "break_glass" ("staff_id");

CREATE INDEX "break_glass_patient_id" ON "break_glass" ("patient_id");

CREATE INDEX "break_glass_reviewer_id" ON "break_glass" ("reviewer_id");

CREATE INDEX "break_glass_staff_id_patient_id_until" ON "break_glass" ("staff_id", "patient_id", "until");

CREATE UNIQUE INDEX "credential_staff_id" ON "credential" ("staff_id");

CREATE INDEX "recovery_code_staff_id" ON "recovery_code" ("staff_id");

CREATE INDEX "session_staff_id" ON "session" ("staff_id");

CREATE UNIQUE INDEX "staff_provider_staff_id" ON "staff_provider" ("staff_id");

CREATE INDEX "staff_provider_provider_id" ON "staff_provider" ("provider_id");

CREATE UNIQUE INDEX "throttle_login_purpose" ON "throttle" ("login", "purpose");

CREATE INDEX patient_restricted ON patient (id) WHERE restricted = 1;

CREATE TRIGGER approval_no_update BEFORE UPDATE ON approval
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER approval_no_delete BEFORE DELETE ON approval
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER approval_no_replace BEFORE INSERT ON approval
    WHEN EXISTS (SELECT 1 FROM approval WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER approval_two_people BEFORE INSERT ON approval
    WHEN NEW.approver_id IS NEW.actor_id
    BEGIN SELECT RAISE(ABORT, 'approval_two_people'); END;

CREATE TRIGGER break_glass_no_delete BEFORE DELETE ON break_glass
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER break_glass_no_replace BEFORE INSERT ON break_glass
    WHEN EXISTS (SELECT 1 FROM break_glass WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER break_glass_reviewed_once BEFORE UPDATE ON break_glass
    WHEN OLD.reviewed_at IS NOT NULL OR NEW.reviewed_at IS NULL OR NEW.reviewer_id IS NULL
      OR NEW.reviewer_id IS NEW.staff_id
      OR NEW.staff_id IS NOT OLD.staff_id OR NEW.patient_id IS NOT OLD.patient_id
      OR NEW.desk IS NOT OLD.desk OR NEW.at IS NOT OLD.at OR NEW.until IS NOT OLD.until
      OR NEW.code IS NOT OLD.code OR NEW.reason IS NOT OLD.reason
    BEGIN SELECT RAISE(ABORT, 'break_glass_review'); END;

CREATE TRIGGER session_no_delete BEFORE DELETE ON session
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER session_one_live BEFORE INSERT ON session
    WHEN NEW.ended_at IS NULL AND EXISTS (
      SELECT 1 FROM session WHERE staff_id = NEW.staff_id AND ended_at IS NULL)
    BEGIN SELECT RAISE(ABORT, 'session_one_live'); END;

CREATE TRIGGER session_stays_ended BEFORE UPDATE ON session
    WHEN OLD.ended_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER staff_no_delete BEFORE DELETE ON staff
    BEGIN SELECT RAISE(ABORT, 'staff are disabled, never removed'); END;

CREATE TRIGGER staff_login_stays BEFORE UPDATE OF login ON staff
    WHEN NEW.login IS NOT OLD.login
    BEGIN SELECT RAISE(ABORT, 'staff are disabled, never removed'); END;

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'open_with_visit' FROM role_permission WHERE role = 'clinician';

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'restrict_patients' FROM role_permission WHERE role IN ('manager', 'privacy_officer');

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'sign_in' FROM role_permission WHERE 1;

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'break_glass' FROM role_permission WHERE role IN ('front_desk', 'biller', 'clinician', 'manager');

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'book' FROM role_permission WHERE role = 'clinician' AND permission = 'run_visits';

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'manage_staff' FROM role_permission WHERE role IN ('manager') OR permission = 'administer';

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'reset_credentials' FROM role_permission WHERE role IN ('manager') OR permission = 'administer';

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'verify_journal' FROM role_permission WHERE permission = 'administer' OR (role = 'privacy_officer' AND permission = 'view_journal');

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'view_staff_journal' FROM role_permission WHERE role = 'manager' AND permission = 'view_journal';

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'open_restricted' FROM role_permission WHERE role = 'privacy_officer';

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT DISTINCT role, 'review_access' FROM role_permission WHERE role = 'privacy_officer';

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT 'owner', permission FROM role_permission WHERE role IN ('administrator', 'manager')
      AND permission <> 'view_staff_journal';

INSERT OR IGNORE INTO role_permission (role, permission)
    SELECT 'owner', column1 FROM (VALUES ('view_staff_journal'), ('review_access'), ('view_journal'))
    WHERE EXISTS (SELECT 1 FROM role_permission);

UPDATE staff SET role = 'owner', version = version + 1 WHERE role = 'administrator';

DELETE FROM role_permission WHERE role = 'administrator' AND permission NOT IN
    ('sign_in', 'administer', 'manage_staff', 'reset_credentials', 'backup', 'verify_journal')
    AND permission IN ('view_patients', 'view_schedule', 'view_money', 'view_messages',
    'edit_patients', 'book', 'overbook', 'run_visits', 'take_payments', 'void_payments', 'messages',
    'manage_schedule', 'import_data', 'view_journal');

DELETE FROM role_permission WHERE role = 'manager' AND permission = 'view_journal';

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
    SELECT 1, 'break_glass_reason', column1, column2, '{}', column3, 1 FROM (VALUES
      ('emergency', 'emergency care', 0), ('covering', 'covering for a colleague', 1),
      ('patient_here', 'the patient is here or on the line', 2),
      ('billing', 'billing question', 3), ('records', 'records request', 4), ('other', 'other', 5))
    WHERE EXISTS (SELECT 1 FROM staff);
