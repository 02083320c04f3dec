-- Referrals and prior authorizations: records, their history, what they cover, plans' rules

CREATE TABLE "referral" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "direction" TEXT NOT NULL CHECK (direction IN ('out', 'in')), "number" TEXT NOT NULL, "from_name" TEXT NOT NULL, "from_npi" TEXT NOT NULL, "to_name" TEXT NOT NULL, "to_npi" TEXT NOT NULL, "to_phone" TEXT NOT NULL, "to_fax" TEXT NOT NULL, "provider_id" INTEGER, "service" TEXT NOT NULL, "diagnoses" TEXT NOT NULL, "reason" TEXT NOT NULL, "urgent" INTEGER NOT NULL, "visits" INTEGER CHECK (visits > 0), "valid_from" TEXT, "valid_to" TEXT, "state" TEXT NOT NULL CHECK (state IN ('ordered', 'sent', 'received', 'scheduled', 'completed', 'reported', 'reviewed', 'expired', 'void')), "state_at" TEXT NOT NULL, "due_on" TEXT, "appointment_on" TEXT, "created_at" TEXT NOT NULL, "created_by" TEXT NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "prior_authorization" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "coverage_id" INTEGER, "plan_id" INTEGER NOT NULL, "type" TEXT NOT NULL CHECK (type IN ('services', 'admission', 'specialty')), "reference" TEXT NOT NULL, "number" TEXT NOT NULL, "service" TEXT NOT NULL, "procedures" TEXT NOT NULL, "service_type" TEXT NOT NULL, "diagnoses" TEXT NOT NULL, "visit_type_id" INTEGER, "requesting_name" TEXT NOT NULL, "requesting_npi" TEXT NOT NULL, "servicing_name" TEXT NOT NULL, "servicing_npi" TEXT NOT NULL, "provider_id" INTEGER, "facility" TEXT NOT NULL, "units_asked" INTEGER CHECK (units_asked > 0), "units" INTEGER CHECK (units >= 0), "unit_kind" TEXT NOT NULL CHECK (unit_kind IN ('visit', 'day', 'unit')), "effective_on" TEXT, "expires_on" TEXT, "expedited" INTEGER NOT NULL, "state" TEXT NOT NULL CHECK (state IN ('needed', 'gathering', 'submitted', 'pended', 'approved', 'partial', 'denied', 'appealed', 'not_required', 'expired', 'void')), "state_at" TEXT NOT NULL, "decision_code" TEXT NOT NULL, "decision_reason" TEXT NOT NULL, "method" TEXT CHECK (method IN ('portal', 'phone', 'fax', '278', 'mail')), "contact" TEXT NOT NULL, "call_reference" TEXT NOT NULL, "submitted_at" TEXT, "decided_at" TEXT, "due_on" TEXT, "appeal_by" TEXT, "peer_by" TEXT, "created_at" TEXT NOT NULL, "created_by" TEXT NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("coverage_id") REFERENCES "coverage" ("id") ON DELETE RESTRICT, FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE RESTRICT, FOREIGN KEY ("visit_type_id") REFERENCES "visit_type" ("id") ON DELETE RESTRICT, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "authorization_event" ("id" INTEGER NOT NULL PRIMARY KEY, "authorization_id" INTEGER, "referral_id" INTEGER, "at" TEXT NOT NULL, "by" TEXT NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('state', 'note', 'call', 'document')), "from_state" TEXT NOT NULL, "to_state" TEXT NOT NULL, "raw_code" TEXT NOT NULL, "note" TEXT NOT NULL, "contact" TEXT NOT NULL, "call_reference" TEXT NOT NULL, "document" TEXT NOT NULL, "document_at" TEXT NOT NULL, FOREIGN KEY ("authorization_id") REFERENCES "prior_authorization" ("id") ON DELETE RESTRICT, FOREIGN KEY ("referral_id") REFERENCES "referral" ("id") ON DELETE RESTRICT, CHECK ((authorization_id IS NULL) <> (referral_id IS NULL))) STRICT;

CREATE TABLE "visit_permit" ("id" INTEGER NOT NULL PRIMARY KEY, "appointment_id" INTEGER NOT NULL, "authorization_id" INTEGER, "referral_id" INTEGER, "units" INTEGER NOT NULL CHECK (units BETWEEN 1 AND 999), "override_reason" TEXT NOT NULL, "made_at" TEXT NOT NULL, "made_by" TEXT NOT NULL, "released_at" TEXT, "released_by" TEXT NOT NULL, "release_reason" TEXT NOT NULL, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("authorization_id") REFERENCES "prior_authorization" ("id") ON DELETE RESTRICT, FOREIGN KEY ("referral_id") REFERENCES "referral" ("id") ON DELETE RESTRICT, CHECK (authorization_id IS NULL OR referral_id IS NULL)) STRICT;

CREATE TABLE "authorization_use" ("id" INTEGER NOT NULL PRIMARY KEY, "authorization_id" INTEGER NOT NULL, "units" INTEGER NOT NULL CHECK (units BETWEEN 1 AND 999), "day" TEXT NOT NULL, "note" TEXT NOT NULL, "override_reason" TEXT NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, "released_at" TEXT, "released_by" TEXT NOT NULL, "release_reason" TEXT NOT NULL, FOREIGN KEY ("authorization_id") REFERENCES "prior_authorization" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "plan_rule" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "plan_id" INTEGER, "visit_type_id" INTEGER, "needs" TEXT NOT NULL CHECK (needs IN ('referral', 'authorization')), "needed" INTEGER NOT NULL, "note" TEXT NOT NULL, "active" INTEGER NOT NULL, FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE RESTRICT, FOREIGN KEY ("visit_type_id") REFERENCES "visit_type" ("id") ON DELETE RESTRICT) STRICT;

CREATE INDEX "referral_due_on" ON "referral" ("due_on");

CREATE INDEX "referral_number" ON "referral" ("number");

CREATE INDEX "referral_patient_id" ON "referral" ("patient_id");

CREATE INDEX "referral_provider_id" ON "referral" ("provider_id");

CREATE INDEX "referral_state" ON "referral" ("state");

CREATE INDEX "prior_authorization_coverage_id" ON "prior_authorization" ("coverage_id");

CREATE INDEX "prior_authorization_due_on" ON "prior_authorization" ("due_on");

CREATE INDEX "prior_authorization_expires_on" ON "prior_authorization" ("expires_on");

CREATE INDEX "prior_authorization_number" ON "prior_authorization" ("number");

CREATE INDEX "prior_authorization_patient_id" ON "prior_authorization" ("patient_id");

CREATE INDEX "prior_authorization_plan_id" ON "prior_authorization" ("plan_id");

CREATE INDEX "prior_authorization_provider_id" ON "prior_authorization" ("provider_id");

CREATE INDEX "prior_authorization_reference" ON "prior_authorization" ("reference");

CREATE INDEX "prior_authorization_state" ON "prior_authorization" ("state");

CREATE INDEX "prior_authorization_visit_type_id" ON "prior_authorization" ("visit_type_id");

CREATE INDEX "authorization_event_authorization_id" ON "authorization_event" ("authorization_id");

CREATE INDEX "authorization_event_referral_id" ON "authorization_event" ("referral_id");

CREATE INDEX "visit_permit_appointment_id" ON "visit_permit" ("appointment_id");

CREATE INDEX "visit_permit_authorization_id" ON "visit_permit" ("authorization_id");

CREATE UNIQUE INDEX visit_permit_one ON visit_permit
    (appointment_id, authorization_id IS NULL, referral_id IS NULL) WHERE released_at IS NULL;

CREATE INDEX "visit_permit_referral_id" ON "visit_permit" ("referral_id");

CREATE INDEX "authorization_use_authorization_id" ON "authorization_use" ("authorization_id");

CREATE INDEX "plan_rule_plan_id" ON "plan_rule" ("plan_id");

CREATE INDEX "plan_rule_visit_type_id" ON "plan_rule" ("visit_type_id");

CREATE TRIGGER referral_no_delete BEFORE DELETE ON referral
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER prior_authorization_no_delete BEFORE DELETE ON prior_authorization
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER authorization_event_no_delete BEFORE DELETE ON authorization_event
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER authorization_event_no_replace BEFORE INSERT ON authorization_event
    WHEN EXISTS (SELECT 1 FROM authorization_event WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER authorization_event_no_update BEFORE UPDATE ON authorization_event
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER visit_permit_no_delete BEFORE DELETE ON visit_permit
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER authorization_use_no_delete BEFORE DELETE ON authorization_use
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'authorizations' FROM role_permission WHERE role = 'front_desk';

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'authorizations' FROM role_permission WHERE role = 'biller';

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'override_authorization' FROM role_permission WHERE role = 'biller';

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'authorizations' FROM role_permission WHERE role = 'clinician';

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'override_authorization' FROM role_permission WHERE role = 'clinician';

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'authorization_rules' FROM role_permission WHERE role = 'manager';

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'authorizations' FROM role_permission WHERE role = 'manager';

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'override_authorization' FROM role_permission WHERE role = 'manager';

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'authorization_rules' FROM role_permission WHERE role = 'owner';

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'authorizations' FROM role_permission WHERE role = 'owner';

INSERT OR IGNORE INTO role_permission (role, permission)
  SELECT DISTINCT role, 'override_authorization' FROM role_permission WHERE role = 'owner';

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
  SELECT 1, 'decision_code', 'A1', 'certified in total', '{"state": "approved"}', 0, 1 WHERE EXISTS (SELECT 1 FROM staff);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
  SELECT 1, 'decision_code', 'A2', 'certified in part', '{"state": "partial"}', 1, 1 WHERE EXISTS (SELECT 1 FROM staff);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
  SELECT 1, 'decision_code', 'A3', 'not certified', '{"state": "denied"}', 2, 1 WHERE EXISTS (SELECT 1 FROM staff);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
  SELECT 1, 'decision_code', 'A4', 'pended', '{"state": "pended"}', 3, 1 WHERE EXISTS (SELECT 1 FROM staff);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
  SELECT 1, 'decision_code', 'A6', 'modified', '{"state": "partial"}', 4, 1 WHERE EXISTS (SELECT 1 FROM staff);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
  SELECT 1, 'decision_code', 'C', 'cancelled', '{"state": "void"}', 5, 1 WHERE EXISTS (SELECT 1 FROM staff);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
  SELECT 1, 'decision_code', 'CT', 'contact the payer', '{"state": "pended"}', 6, 1 WHERE EXISTS (SELECT 1 FROM staff);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
  SELECT 1, 'decision_code', 'NA', 'no action required', '{"state": "not_required"}', 7, 1 WHERE EXISTS (SELECT 1 FROM staff);
