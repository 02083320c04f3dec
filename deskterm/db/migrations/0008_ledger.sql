-- The ledger: fees, parts of the plan, adjustments, refunds, corrections, returned checks, credit

CREATE TABLE "adjustment" ("id" INTEGER NOT NULL PRIMARY KEY, "charge_id" INTEGER NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('contractual', 'write_off', 'courtesy', 'charity', 'small_balance', 'bad_debt', 'copay', 'transfer')), "patient_cents" INTEGER NOT NULL, "insurance_cents" INTEGER NOT NULL, "reason" TEXT NOT NULL, "note" TEXT NOT NULL, "business_day" TEXT NOT NULL, "posted_at" TEXT NOT NULL, "by" TEXT NOT NULL, "reverses_id" INTEGER, FOREIGN KEY ("charge_id") REFERENCES "charge" ("id") ON DELETE RESTRICT, FOREIGN KEY ("reverses_id") REFERENCES "adjustment" ("id") ON DELETE RESTRICT, CHECK (CASE WHEN kind = 'transfer' THEN patient_cents + insurance_cents = 0 ELSE (reverses_id IS NULL AND patient_cents <= 0 AND insurance_cents <= 0) OR (reverses_id IS NOT NULL AND patient_cents >= 0 AND insurance_cents >= 0) END), CHECK (patient_cents <> 0 OR insurance_cents <> 0)) STRICT;

CREATE TABLE "fee" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "code" TEXT NOT NULL, "label" TEXT NOT NULL, "plan_id" INTEGER, "amount_cents" INTEGER NOT NULL CHECK (amount_cents >= 0), "starts_on" TEXT NOT NULL, "ends_on" TEXT, FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE RESTRICT) STRICT;

ALTER TABLE "charge" ADD COLUMN "code" TEXT NOT NULL DEFAULT '';

ALTER TABLE "charge" ADD COLUMN "modifiers" TEXT NOT NULL DEFAULT '';

ALTER TABLE "charge" ADD COLUMN "units" INTEGER NOT NULL DEFAULT 1;

ALTER TABLE "charge" ADD COLUMN "diagnoses" TEXT NOT NULL DEFAULT '';

ALTER TABLE "charge" ADD COLUMN "insurance_cents" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "charge" ADD COLUMN "provider_id" INTEGER REFERENCES "provider" ("id") ON DELETE RESTRICT;

ALTER TABLE "payment" ADD COLUMN "original_id" INTEGER REFERENCES "payment" ("id") ON DELETE RESTRICT;

ALTER TABLE "payment" ADD COLUMN "plan_id" INTEGER REFERENCES "plan" ("id") ON DELETE RESTRICT;

ALTER TABLE "allocation" ADD COLUMN "side" TEXT NOT NULL DEFAULT 'patient' CHECK (side IN ('patient', 'insurance'));

ALTER TABLE "allocation" ADD COLUMN "patient_id" INTEGER REFERENCES "patient" ("id") ON DELETE RESTRICT;

DROP TRIGGER payment_balanced;

DROP TRIGGER payment_sides;

-- The columns stand as the models say; wider lists of kinds change no stored row.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = 'CREATE TABLE "charge" ("id" INTEGER NOT NULL PRIMARY KEY, "patient_id" INTEGER NOT NULL, "appointment_id" INTEGER, "kind" TEXT NOT NULL CHECK (kind IN (''copay'', ''deductible'', ''coinsurance'', ''visit'', ''no_show_fee'', ''form_fee'', ''records_fee'', ''nsf_fee'', ''other'')), "description" TEXT NOT NULL, "amount_cents" INTEGER NOT NULL, "service_day" TEXT NOT NULL, "business_day" TEXT NOT NULL, "posted_at" TEXT NOT NULL, "by" TEXT NOT NULL, "reverses_id" INTEGER, "code" TEXT NOT NULL DEFAULT '''', "modifiers" TEXT NOT NULL DEFAULT '''', "units" INTEGER NOT NULL DEFAULT 1, "diagnoses" TEXT NOT NULL DEFAULT '''', "insurance_cents" INTEGER NOT NULL DEFAULT 0, "provider_id" INTEGER, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("reverses_id") REFERENCES "charge" ("id") ON DELETE RESTRICT, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT) STRICT' WHERE type = 'table' AND name = 'charge';

UPDATE sqlite_schema SET sql = 'CREATE TABLE "payment" ("id" INTEGER NOT NULL PRIMARY KEY, "kind" TEXT NOT NULL CHECK (kind IN (''payment'', ''void'', ''refund'', ''correction'', ''returned'', ''credit'')), "patient_id" INTEGER NOT NULL, "appointment_id" INTEGER, "location_id" INTEGER NOT NULL, "drawer" TEXT NOT NULL, "business_day" TEXT NOT NULL, "taken_at" TEXT NOT NULL, "by" TEXT NOT NULL, "desk" TEXT NOT NULL, "receipt" TEXT NOT NULL, "sequence" INTEGER NOT NULL, "total_cents" INTEGER NOT NULL, "note" TEXT NOT NULL, "voids_id" INTEGER, "void_reason" TEXT NOT NULL, "balance_after_cents" INTEGER NOT NULL, "posted" INTEGER NOT NULL, "original_id" INTEGER, "plan_id" INTEGER, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT, FOREIGN KEY ("voids_id") REFERENCES "payment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("original_id") REFERENCES "payment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE RESTRICT) STRICT' WHERE type = 'table' AND name = 'payment';

UPDATE sqlite_schema SET sql = 'CREATE TABLE "tender" ("id" INTEGER NOT NULL PRIMARY KEY, "payment_id" INTEGER NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN (''cash'', ''check'', ''card'', ''money_order'', ''ach'')), "amount_cents" INTEGER NOT NULL CHECK (amount_cents <> 0), "given_cents" INTEGER, "reference" TEXT NOT NULL, "card_brand" TEXT NOT NULL CHECK (card_brand IN ('''', ''visa'', ''mastercard'', ''amex'', ''discover'', ''other'')), "card_last4" TEXT NOT NULL, "approval" TEXT NOT NULL, FOREIGN KEY ("payment_id") REFERENCES "payment" ("id") ON DELETE RESTRICT) STRICT' WHERE type = 'table' AND name = 'tender';

UPDATE sqlite_schema SET sql = 'CREATE TABLE "allocation" ("id" INTEGER NOT NULL PRIMARY KEY, "payment_id" INTEGER NOT NULL, "purpose" TEXT NOT NULL CHECK (purpose IN (''copay'', ''deductible'', ''coinsurance'', ''visit'', ''no_show_fee'', ''form_fee'', ''records_fee'', ''nsf_fee'', ''other'', ''balance'', ''prepayment'')), "charge_id" INTEGER, "amount_cents" INTEGER NOT NULL CHECK (amount_cents <> 0), "side" TEXT NOT NULL DEFAULT ''patient'' CHECK (side IN (''patient'', ''insurance'')), "patient_id" INTEGER, FOREIGN KEY ("payment_id") REFERENCES "payment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("charge_id") REFERENCES "charge" ("id") ON DELETE RESTRICT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT' WHERE type = 'table' AND name = 'allocation';

PRAGMA writable_schema = RESET;

CREATE INDEX "charge_provider_id" ON "charge" ("provider_id");

CREATE INDEX "adjustment_charge_id" ON "adjustment" ("charge_id");

CREATE INDEX "adjustment_business_day" ON "adjustment" ("business_day");

CREATE UNIQUE INDEX "adjustment_reverses_id" ON "adjustment" ("reverses_id");

CREATE INDEX "payment_original_id" ON "payment" ("original_id");

CREATE INDEX "payment_plan_id" ON "payment" ("plan_id");

CREATE INDEX "allocation_patient_id" ON "allocation" ("patient_id");

CREATE INDEX "fee_code" ON "fee" ("code");

CREATE INDEX "fee_plan_id" ON "fee" ("plan_id");

CREATE TRIGGER payment_balanced BEFORE UPDATE OF posted ON payment
    WHEN NEW.posted = 1 AND (
      NEW.total_cents IS NOT
        (SELECT coalesce(sum(amount_cents), 0) FROM tender WHERE payment_id = NEW.id)
      OR NEW.total_cents IS NOT
        (SELECT coalesce(sum(amount_cents), 0) FROM allocation WHERE payment_id = NEW.id))
    BEGIN SELECT RAISE(ABORT, 'payment_unbalanced'); END;

CREATE TRIGGER payment_sides BEFORE UPDATE OF posted ON payment
    WHEN NEW.posted = 1 AND NOT CASE NEW.kind
      WHEN 'payment' THEN NEW.total_cents > 0 AND NEW.voids_id IS NULL AND NEW.original_id IS NULL
      WHEN 'void' THEN EXISTS (SELECT 1 FROM payment o WHERE o.id = NEW.voids_id
        AND o.kind <> 'void' AND o.posted = 1 AND o.total_cents = -NEW.total_cents
        AND o.patient_id = NEW.patient_id AND o.location_id = NEW.location_id
        AND o.business_day = NEW.business_day)
        AND NOT EXISTS (SELECT kind, sum(amount_cents) FROM tender
          WHERE payment_id IN (NEW.id, NEW.voids_id) GROUP BY kind HAVING sum(amount_cents) <> 0)
        AND NOT EXISTS (SELECT 1 FROM payment t WHERE t.original_id = NEW.voids_id
          AND NOT EXISTS (SELECT 1 FROM payment v WHERE v.voids_id = t.id))
      WHEN 'credit' THEN NEW.total_cents = 0 AND NEW.voids_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM tender WHERE payment_id = NEW.id)
        AND EXISTS (SELECT 1 FROM allocation WHERE payment_id = NEW.id)
      ELSE NEW.voids_id IS NULL AND EXISTS (SELECT 1 FROM payment o WHERE o.id = NEW.original_id
          AND o.kind = 'payment' AND o.posted = 1 AND o.location_id = NEW.location_id
          AND NOT EXISTS (SELECT 1 FROM payment v WHERE v.voids_id = o.id)
          AND o.total_cents + coalesce((SELECT sum(t.total_cents) FROM payment t
            WHERE t.original_id = o.id), 0)
            + coalesce((SELECT sum(v.total_cents) FROM payment v JOIN payment t ON t.id = v.voids_id
              WHERE t.original_id = o.id), 0) >= 0)
        AND CASE NEW.kind
          WHEN 'correction' THEN NEW.total_cents = 0
            AND EXISTS (SELECT 1 FROM tender WHERE payment_id = NEW.id)
            AND NOT EXISTS (SELECT 1 FROM allocation WHERE payment_id = NEW.id)
          ELSE NEW.total_cents < 0
            AND NOT EXISTS (SELECT 1 FROM tender WHERE payment_id = NEW.id AND amount_cents > 0)
        END
      END
    BEGIN SELECT RAISE(ABORT, 'payment_unbalanced'); END;

CREATE TRIGGER allocation_over BEFORE INSERT ON allocation
    WHEN NEW.charge_id IS NOT NULL AND NEW.amount_cents > 0 AND NEW.amount_cents > (SELECT CASE NEW.side
      WHEN 'patient' THEN c.amount_cents - c.insurance_cents ELSE c.insurance_cents END
    + coalesce((SELECT CASE NEW.side WHEN 'patient' THEN r.amount_cents - r.insurance_cents
        ELSE r.insurance_cents END FROM charge r WHERE r.reverses_id = c.id), 0)
    + coalesce((SELECT sum(CASE NEW.side WHEN 'patient' THEN a.patient_cents
        ELSE a.insurance_cents END) FROM adjustment a WHERE a.charge_id = c.id), 0)
    - coalesce((SELECT sum(x.amount_cents) FROM allocation x
        WHERE x.charge_id = c.id AND x.side = NEW.side), 0)
  FROM charge c WHERE c.id = NEW.charge_id)
    BEGIN SELECT RAISE(ABORT, 'allocation_over'); END;

CREATE TRIGGER allocation_under BEFORE INSERT ON allocation
    WHEN NEW.charge_id IS NOT NULL AND NEW.amount_cents < 0 AND NEW.amount_cents
      + coalesce((SELECT sum(x.amount_cents) FROM allocation x
        WHERE x.charge_id = NEW.charge_id AND x.side = NEW.side), 0) < 0
    BEGIN SELECT RAISE(ABORT, 'allocation_under'); END;

CREATE TRIGGER allocation_credit BEFORE INSERT ON allocation
    WHEN NEW.charge_id IS NULL AND NEW.amount_cents < 0 AND NEW.amount_cents
      + coalesce((SELECT sum(x.amount_cents) FROM allocation x JOIN payment y ON y.id = x.payment_id
        WHERE x.charge_id IS NULL AND coalesce(x.patient_id, y.patient_id) = coalesce(
          NEW.patient_id, (SELECT patient_id FROM payment WHERE id = NEW.payment_id))), 0) < 0
    BEGIN SELECT RAISE(ABORT, 'allocation_under'); END;

CREATE TRIGGER adjustment_reverses BEFORE INSERT ON adjustment
    WHEN NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM adjustment o
      WHERE o.id = NEW.reverses_id AND o.reverses_id IS NULL AND o.charge_id = NEW.charge_id
        AND o.kind = NEW.kind AND o.patient_cents = -NEW.patient_cents
        AND o.insurance_cents = -NEW.insurance_cents)
    BEGIN SELECT RAISE(ABORT, 'adjustment_reverses'); END;

CREATE TRIGGER adjustment_no_replace BEFORE INSERT ON adjustment
        WHEN EXISTS (SELECT 1 FROM adjustment WHERE id = NEW.id OR reverses_id = NEW.reverses_id)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER adjustment_no_update BEFORE UPDATE ON adjustment
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER adjustment_no_delete BEFORE DELETE ON adjustment
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

-- Word lists and permissions for a clinic that is set up already; a new one gets them at init.

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'refund_reason', 'overpaid', 'paid too much', '{}', 1, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'refund_reason', 'cancelled', 'service was not given', '{}', 2, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'refund_reason', 'insurance', 'the plan paid', '{}', 3, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'refund_reason', 'duplicate', 'paid twice', '{}', 4, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'refund_reason', 'other', 'other', '{}', 5, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'adjustment_reason', 'contract', 'contract with the plan', '{}', 1, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'adjustment_reason', 'hardship', 'financial hardship', '{}', 2, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'adjustment_reason', 'courtesy', 'courtesy of the practice', '{}', 3, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'adjustment_reason', 'timely', 'filed too late', '{}', 4, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'adjustment_reason', 'small', 'too small to bill', '{}', 5, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'adjustment_reason', 'collection', 'sent to collection', '{}', 6, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'adjustment_reason', 'error', 'charged in error', '{}', 7, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'transfer_reason', 'deductible', 'deductible', '{}', 1, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'transfer_reason', 'coinsurance', 'coinsurance', '{}', 2, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'transfer_reason', 'copay', 'copay', '{}', 3, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'transfer_reason', 'denied', 'denied, patient pays', '{}', 4, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'transfer_reason', 'inactive', 'no coverage on that day', '{}', 5, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT INTO code (version, kind, code, label, detail, sort_order, active)
SELECT 1, 'transfer_reason', 'rebill', 'billed to a plan', '{}', 6, 1 WHERE EXISTS (SELECT 1 FROM code);

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'biller', 'refund_payments' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'biller');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'biller', 'adjust_charges' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'biller');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'manager', 'refund_payments' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'manager');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'manager', 'adjust_charges' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'manager');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'administrator', 'refund_payments' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'administrator');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'administrator', 'adjust_charges' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'administrator');
