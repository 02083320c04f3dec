-- Payment plans, family accounts, e-mailed receipts, no-show fees; nothing new into a counted day

ALTER TABLE "patient" ADD COLUMN "email_ok_on" TEXT;

ALTER TABLE "visit_type" ADD COLUMN "no_show_fee_cents" INTEGER;

CREATE TABLE "account_guarantor" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "guarantor_id" INTEGER NOT NULL, "since" TEXT NOT NULL, "by" TEXT NOT NULL, "ended_at" TEXT, "ended_by" TEXT NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("guarantor_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, CHECK (patient_id <> guarantor_id)) STRICT;

CREATE TABLE "instalment_charge" ("id" INTEGER NOT NULL PRIMARY KEY, "plan_id" INTEGER NOT NULL, "charge_id" INTEGER NOT NULL, "amount_cents" INTEGER NOT NULL CHECK (amount_cents > 0), FOREIGN KEY ("plan_id") REFERENCES "instalment_plan" ("id") ON DELETE RESTRICT, FOREIGN KEY ("charge_id") REFERENCES "charge" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "instalment_plan" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "amount_cents" INTEGER NOT NULL CHECK (amount_cents > 0), "instalments" INTEGER NOT NULL CHECK (instalments BETWEEN 1 AND 120), "first_on" TEXT NOT NULL, "every" TEXT NOT NULL CHECK (every IN ('week', 'two_weeks', 'month')), "note" TEXT NOT NULL, "set_up_at" TEXT NOT NULL, "set_up_by" TEXT NOT NULL, "ended_at" TEXT, "ended_by" TEXT NOT NULL, "end_reason" TEXT NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "mail_outbox" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "key" TEXT NOT NULL, "patient_id" INTEGER NOT NULL, "payment_id" INTEGER NOT NULL, "address" TEXT NOT NULL, "body" TEXT NOT NULL, "state" TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')), "attempts" INTEGER NOT NULL, "next_at" TEXT NOT NULL, "error" TEXT NOT NULL, "queued_at" TEXT NOT NULL, "queued_by" TEXT NOT NULL, "sent_at" TEXT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("payment_id") REFERENCES "payment" ("id") ON DELETE RESTRICT) STRICT;

CREATE INDEX "account_guarantor_guarantor_id" ON "account_guarantor" ("guarantor_id");

CREATE INDEX "account_guarantor_patient_id" ON "account_guarantor" ("patient_id");

CREATE INDEX "instalment_charge_charge_id" ON "instalment_charge" ("charge_id");

CREATE INDEX "instalment_charge_plan_id" ON "instalment_charge" ("plan_id");

CREATE INDEX "instalment_plan_patient_id" ON "instalment_plan" ("patient_id");

CREATE UNIQUE INDEX "mail_outbox_key" ON "mail_outbox" ("key");

CREATE INDEX "mail_outbox_patient_id" ON "mail_outbox" ("patient_id");

CREATE INDEX "mail_outbox_payment_id" ON "mail_outbox" ("payment_id");

CREATE INDEX "mail_outbox_state_next_at" ON "mail_outbox" ("state", "next_at");

CREATE TRIGGER account_guarantor_no_delete BEFORE DELETE ON account_guarantor
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER account_guarantor_one BEFORE INSERT ON account_guarantor
    WHEN EXISTS (SELECT 1 FROM account_guarantor g WHERE g.ended_at IS NULL
      AND (g.patient_id IN (NEW.patient_id, NEW.guarantor_id) OR g.guarantor_id = NEW.patient_id))
    BEGIN SELECT RAISE(ABORT, 'account_guarantor_one'); END;

CREATE TRIGGER account_guarantor_stays BEFORE UPDATE ON account_guarantor
    WHEN OLD.ended_at IS NOT NULL OR NEW.patient_id <> OLD.patient_id
      OR NEW.guarantor_id <> OLD.guarantor_id OR NEW.since <> OLD.since
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER adjustment_day_frozen BEFORE INSERT ON adjustment
        WHEN NOT (NEW.reverses_id IS NOT NULL OR NEW.kind = 'copay') AND (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      ORDER BY d.id DESC LIMIT 1) = 'freeze'
        BEGIN SELECT RAISE(ABORT, 'day_frozen'); END;

CREATE TRIGGER allocation_whose BEFORE INSERT ON allocation
    WHEN NEW.charge_id IS NOT NULL AND (SELECT patient_id FROM charge WHERE id = NEW.charge_id)
      IS NOT coalesce(NEW.patient_id, (SELECT patient_id FROM payment WHERE id = NEW.payment_id))
    BEGIN SELECT RAISE(ABORT, 'allocation_whose'); END;

CREATE TRIGGER charge_day_frozen BEFORE INSERT ON charge
        WHEN NOT (NEW.reverses_id IS NOT NULL) AND (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      ORDER BY d.id DESC LIMIT 1) = 'freeze'
        BEGIN SELECT RAISE(ABORT, 'day_frozen'); END;

CREATE TRIGGER instalment_charge_no_delete BEFORE DELETE ON instalment_charge
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER instalment_charge_no_replace BEFORE INSERT ON instalment_charge
    WHEN EXISTS (SELECT 1 FROM instalment_charge WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER instalment_charge_no_update BEFORE UPDATE ON instalment_charge
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER instalment_charge_once BEFORE INSERT ON instalment_charge
    WHEN EXISTS (SELECT 1 FROM instalment_charge i JOIN instalment_plan p ON p.id = i.plan_id
      WHERE i.charge_id = NEW.charge_id AND p.ended_at IS NULL)
    BEGIN SELECT RAISE(ABORT, 'instalment_twice'); END;

CREATE TRIGGER instalment_charge_whose BEFORE INSERT ON instalment_charge
    WHEN (SELECT patient_id FROM charge WHERE id = NEW.charge_id) IS NOT
      (SELECT patient_id FROM instalment_plan WHERE id = NEW.plan_id)
    BEGIN SELECT RAISE(ABORT, 'allocation_whose'); END;

CREATE TRIGGER instalment_plan_no_delete BEFORE DELETE ON instalment_plan
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER instalment_plan_no_replace BEFORE INSERT ON instalment_plan
    WHEN EXISTS (SELECT 1 FROM instalment_plan WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER instalment_plan_stays BEFORE UPDATE ON instalment_plan
    WHEN OLD.ended_at IS NOT NULL OR NEW.patient_id <> OLD.patient_id
      OR NEW.amount_cents <> OLD.amount_cents OR NEW.instalments <> OLD.instalments
      OR NEW.first_on <> OLD.first_on OR NEW.every <> OLD.every
      OR NEW.set_up_at <> OLD.set_up_at OR NEW.set_up_by <> OLD.set_up_by
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER mail_outbox_no_delete BEFORE DELETE ON mail_outbox
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER mail_outbox_sent_once BEFORE UPDATE ON mail_outbox
    WHEN OLD.state = 'sent' OR NEW.key <> OLD.key OR NEW.address <> OLD.address
      OR NEW.body <> OLD.body OR NEW.payment_id <> OLD.payment_id
      OR NEW.patient_id <> OLD.patient_id
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER not_collected_day_frozen BEFORE INSERT ON not_collected
        WHEN NOT (0) AND (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      ORDER BY d.id DESC LIMIT 1) = 'freeze'
        BEGIN SELECT RAISE(ABORT, 'day_frozen'); END;

CREATE TRIGGER payment_day_frozen BEFORE INSERT ON payment
        WHEN NOT (NEW.kind IN ('void', 'correction')) AND (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      ORDER BY d.id DESC LIMIT 1) = 'freeze'
        BEGIN SELECT RAISE(ABORT, 'day_frozen'); END;

CREATE TRIGGER payment_of_plan BEFORE INSERT ON payment
    WHEN NEW.plan_id IS NOT NULL AND NEW.shift_id IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'payment_of_plan'); END;

CREATE TRIGGER shift_day_frozen BEFORE INSERT ON shift
        WHEN NOT (0) AND (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      ORDER BY d.id DESC LIMIT 1) = 'freeze'
        BEGIN SELECT RAISE(ABORT, 'day_frozen'); END;
