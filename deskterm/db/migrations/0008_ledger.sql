-- The ledger: fees, parts of the plan, adjustments, refunds, corrections, returned checks, credit

CREATE TABLE "fee" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "code" TEXT NOT NULL, "label" TEXT NOT NULL, "plan_id" INTEGER, "amount_cents" INTEGER NOT NULL CHECK (amount_cents >= 0), "starts_on" TEXT NOT NULL, "ends_on" TEXT, FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "adjustment" ("id" INTEGER NOT NULL PRIMARY KEY, "charge_id" INTEGER NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('contractual', 'write_off', 'courtesy', 'charity', 'small_balance', 'bad_debt', 'copay', 'transfer')), "patient_cents" INTEGER NOT NULL, "insurance_cents" INTEGER NOT NULL, "reason" TEXT NOT NULL, "note" TEXT NOT NULL, "business_day" TEXT NOT NULL, "posted_at" TEXT NOT NULL, "by" TEXT NOT NULL, "reverses_id" INTEGER, "location_id" INTEGER NOT NULL, FOREIGN KEY ("charge_id") REFERENCES "charge" ("id") ON DELETE RESTRICT, FOREIGN KEY ("reverses_id") REFERENCES "adjustment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT, CHECK (CASE WHEN kind = 'transfer' THEN patient_cents + insurance_cents = 0 ELSE (reverses_id IS NULL AND patient_cents <= 0 AND insurance_cents <= 0) OR (reverses_id IS NOT NULL AND patient_cents >= 0 AND insurance_cents >= 0) END), CHECK (patient_cents <> 0 OR insurance_cents <> 0)) STRICT;

CREATE TABLE "drawer" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "code" TEXT NOT NULL, "location_id" INTEGER NOT NULL, "float_cents" INTEGER NOT NULL CHECK (float_cents >= 0), "active" INTEGER NOT NULL, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "shift" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "drawer_id" INTEGER NOT NULL, "location_id" INTEGER NOT NULL, "business_day" TEXT NOT NULL, "clerk" TEXT NOT NULL, "opened_at" TEXT NOT NULL, "opened_by" TEXT NOT NULL, "float_cents" INTEGER NOT NULL CHECK (float_cents >= 0), "expected_float_cents" INTEGER, "note" TEXT NOT NULL, "closed_at" TEXT, "closed_by" TEXT NOT NULL, "variance_reason" TEXT NOT NULL, FOREIGN KEY ("drawer_id") REFERENCES "drawer" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "cash_movement" ("id" INTEGER NOT NULL PRIMARY KEY, "shift_id" INTEGER NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('paid_in', 'paid_out', 'drop')), "amount_cents" INTEGER NOT NULL CHECK (amount_cents > 0), "reason" TEXT NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, FOREIGN KEY ("shift_id") REFERENCES "shift" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "drawer_count" ("id" INTEGER NOT NULL PRIMARY KEY, "shift_id" INTEGER NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('handover', 'close')), "cash_cents" INTEGER NOT NULL, "cash" TEXT NOT NULL, "checks" TEXT NOT NULL, "cards" TEXT NOT NULL, "other" TEXT NOT NULL, "expected" TEXT NOT NULL, "handed_to" TEXT NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, FOREIGN KEY ("shift_id") REFERENCES "shift" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "deposit" ("id" INTEGER NOT NULL PRIMARY KEY, "location_id" INTEGER NOT NULL, "number" INTEGER NOT NULL, "business_day" TEXT NOT NULL, "cash_cents" INTEGER NOT NULL, "check_cents" INTEGER NOT NULL, "money_order_cents" INTEGER NOT NULL, "total_cents" INTEGER NOT NULL, "items" TEXT NOT NULL, "bag" TEXT NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, "second" TEXT NOT NULL, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT, CHECK (total_cents = cash_cents + check_cents + money_order_cents)) STRICT;

CREATE TABLE "day_close" ("id" INTEGER NOT NULL PRIMARY KEY, "location_id" INTEGER NOT NULL, "business_day" TEXT NOT NULL, "action" TEXT NOT NULL CHECK (action IN ('freeze', 'thaw', 'close', 'approve', 'reopen')), "at" TEXT NOT NULL, "by" TEXT NOT NULL, "reason" TEXT NOT NULL, "figures" TEXT NOT NULL, "open_items" TEXT NOT NULL, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT) STRICT;

ALTER TABLE "charge" ADD COLUMN "code" TEXT NOT NULL DEFAULT '';

ALTER TABLE "charge" ADD COLUMN "modifiers" TEXT NOT NULL DEFAULT '';

ALTER TABLE "charge" ADD COLUMN "units" INTEGER NOT NULL DEFAULT 1;

ALTER TABLE "charge" ADD COLUMN "diagnoses" TEXT NOT NULL DEFAULT '';

ALTER TABLE "charge" ADD COLUMN "insurance_cents" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "charge" ADD COLUMN "provider_id" INTEGER REFERENCES "provider" ("id") ON DELETE RESTRICT;

ALTER TABLE "charge" ADD COLUMN "location_id" INTEGER REFERENCES "location" ("id") ON DELETE RESTRICT;

ALTER TABLE "payment" ADD COLUMN "original_id" INTEGER REFERENCES "payment" ("id") ON DELETE RESTRICT;

ALTER TABLE "payment" ADD COLUMN "plan_id" INTEGER REFERENCES "plan" ("id") ON DELETE RESTRICT;

ALTER TABLE "payment" ADD COLUMN "shift_id" INTEGER REFERENCES "shift" ("id") ON DELETE RESTRICT;

ALTER TABLE "allocation" ADD COLUMN "side" TEXT NOT NULL DEFAULT 'patient' CHECK (side IN ('patient', 'insurance'));

ALTER TABLE "allocation" ADD COLUMN "patient_id" INTEGER REFERENCES "patient" ("id") ON DELETE RESTRICT;

ALTER TABLE "not_collected" ADD COLUMN "location_id" INTEGER REFERENCES "location" ("id") ON DELETE RESTRICT;

DROP TRIGGER payment_balanced;

DROP TRIGGER payment_sides;

-- The columns stand as the models say; wider lists of kinds change no stored row.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = 'CREATE TABLE "charge" ("id" INTEGER NOT NULL PRIMARY KEY, "patient_id" INTEGER NOT NULL, "appointment_id" INTEGER, "kind" TEXT NOT NULL CHECK (kind IN (''copay'', ''deductible'', ''coinsurance'', ''visit'', ''no_show_fee'', ''form_fee'', ''records_fee'', ''nsf_fee'', ''other'')), "description" TEXT NOT NULL, "amount_cents" INTEGER NOT NULL, "service_day" TEXT NOT NULL, "business_day" TEXT NOT NULL, "posted_at" TEXT NOT NULL, "by" TEXT NOT NULL, "reverses_id" INTEGER, "code" TEXT NOT NULL DEFAULT '''', "modifiers" TEXT NOT NULL DEFAULT '''', "units" INTEGER NOT NULL DEFAULT 1, "diagnoses" TEXT NOT NULL DEFAULT '''', "insurance_cents" INTEGER NOT NULL DEFAULT 0, "provider_id" INTEGER, "location_id" INTEGER, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("reverses_id") REFERENCES "charge" ("id") ON DELETE RESTRICT, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT) STRICT' WHERE type = 'table' AND name = 'charge';

UPDATE sqlite_schema SET sql = 'CREATE TABLE "payment" ("id" INTEGER NOT NULL PRIMARY KEY, "kind" TEXT NOT NULL CHECK (kind IN (''payment'', ''void'', ''refund'', ''correction'', ''returned'', ''credit'')), "patient_id" INTEGER NOT NULL, "appointment_id" INTEGER, "location_id" INTEGER NOT NULL, "drawer" TEXT NOT NULL, "business_day" TEXT NOT NULL, "taken_at" TEXT NOT NULL, "by" TEXT NOT NULL, "desk" TEXT NOT NULL, "receipt" TEXT NOT NULL, "sequence" INTEGER NOT NULL, "total_cents" INTEGER NOT NULL, "note" TEXT NOT NULL, "voids_id" INTEGER, "void_reason" TEXT NOT NULL, "balance_after_cents" INTEGER NOT NULL, "posted" INTEGER NOT NULL, "original_id" INTEGER, "plan_id" INTEGER, "shift_id" INTEGER, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT, FOREIGN KEY ("voids_id") REFERENCES "payment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("original_id") REFERENCES "payment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE RESTRICT, FOREIGN KEY ("shift_id") REFERENCES "shift" ("id") ON DELETE RESTRICT) STRICT' WHERE type = 'table' AND name = 'payment';

UPDATE sqlite_schema SET sql = 'CREATE TABLE "tender" ("id" INTEGER NOT NULL PRIMARY KEY, "payment_id" INTEGER NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN (''cash'', ''check'', ''card'', ''money_order'', ''ach'')), "amount_cents" INTEGER NOT NULL CHECK (amount_cents <> 0), "given_cents" INTEGER, "reference" TEXT NOT NULL, "card_brand" TEXT NOT NULL CHECK (card_brand IN ('''', ''visa'', ''mastercard'', ''amex'', ''discover'', ''other'')), "card_last4" TEXT NOT NULL, "approval" TEXT NOT NULL, FOREIGN KEY ("payment_id") REFERENCES "payment" ("id") ON DELETE RESTRICT) STRICT' WHERE type = 'table' AND name = 'tender';

UPDATE sqlite_schema SET sql = 'CREATE TABLE "allocation" ("id" INTEGER NOT NULL PRIMARY KEY, "payment_id" INTEGER NOT NULL, "purpose" TEXT NOT NULL CHECK (purpose IN (''copay'', ''deductible'', ''coinsurance'', ''visit'', ''no_show_fee'', ''form_fee'', ''records_fee'', ''nsf_fee'', ''other'', ''balance'', ''prepayment'')), "charge_id" INTEGER, "amount_cents" INTEGER NOT NULL CHECK (amount_cents <> 0), "side" TEXT NOT NULL DEFAULT ''patient'' CHECK (side IN (''patient'', ''insurance'')), "patient_id" INTEGER, FOREIGN KEY ("payment_id") REFERENCES "payment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("charge_id") REFERENCES "charge" ("id") ON DELETE RESTRICT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT' WHERE type = 'table' AND name = 'allocation';

UPDATE sqlite_schema SET sql = 'CREATE TABLE "not_collected" ("id" INTEGER NOT NULL PRIMARY KEY, "patient_id" INTEGER NOT NULL, "appointment_id" INTEGER, "charge_id" INTEGER, "amount_cents" INTEGER NOT NULL, "reason" TEXT NOT NULL, "note" TEXT NOT NULL, "business_day" TEXT NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, "location_id" INTEGER, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("charge_id") REFERENCES "charge" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT) STRICT' WHERE type = 'table' AND name = 'not_collected';

PRAGMA writable_schema = RESET;

CREATE INDEX "charge_provider_id" ON "charge" ("provider_id");

CREATE INDEX "charge_location_id" ON "charge" ("location_id");

CREATE INDEX "adjustment_charge_id" ON "adjustment" ("charge_id");

CREATE INDEX "adjustment_business_day" ON "adjustment" ("business_day");

CREATE UNIQUE INDEX "adjustment_reverses_id" ON "adjustment" ("reverses_id");

CREATE INDEX "adjustment_location_id" ON "adjustment" ("location_id");

CREATE INDEX "drawer_location_id" ON "drawer" ("location_id");

CREATE UNIQUE INDEX "drawer_code_location_id" ON "drawer" ("code", "location_id");

CREATE INDEX "shift_drawer_id" ON "shift" ("drawer_id");

CREATE INDEX "shift_location_id" ON "shift" ("location_id");

CREATE INDEX "shift_location_id_business_day" ON "shift" ("location_id", "business_day");

CREATE INDEX "payment_original_id" ON "payment" ("original_id");

CREATE INDEX "payment_plan_id" ON "payment" ("plan_id");

CREATE INDEX "payment_shift_id" ON "payment" ("shift_id");

CREATE INDEX "allocation_patient_id" ON "allocation" ("patient_id");

CREATE INDEX "cash_movement_shift_id" ON "cash_movement" ("shift_id");

CREATE INDEX "day_close_location_id" ON "day_close" ("location_id");

CREATE INDEX "day_close_location_id_business_day" ON "day_close" ("location_id", "business_day");

CREATE INDEX "deposit_location_id" ON "deposit" ("location_id");

CREATE INDEX "deposit_business_day" ON "deposit" ("business_day");

CREATE UNIQUE INDEX "deposit_location_id_number" ON "deposit" ("location_id", "number");

CREATE INDEX "drawer_count_shift_id" ON "drawer_count" ("shift_id");

CREATE INDEX "fee_code" ON "fee" ("code");

CREATE INDEX "fee_plan_id" ON "fee" ("plan_id");

CREATE INDEX "not_collected_location_id" ON "not_collected" ("location_id");

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

CREATE TRIGGER payment_day_closed BEFORE INSERT ON payment
        WHEN (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      AND d.action IN ('close', 'reopen') ORDER BY d.id DESC LIMIT 1) = 'close'
        BEGIN SELECT RAISE(ABORT, 'day_closed'); END;

CREATE TRIGGER charge_day_closed BEFORE INSERT ON charge
        WHEN (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      AND d.action IN ('close', 'reopen') ORDER BY d.id DESC LIMIT 1) = 'close'
        BEGIN SELECT RAISE(ABORT, 'day_closed'); END;

CREATE TRIGGER adjustment_day_closed BEFORE INSERT ON adjustment
        WHEN (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      AND d.action IN ('close', 'reopen') ORDER BY d.id DESC LIMIT 1) = 'close'
        BEGIN SELECT RAISE(ABORT, 'day_closed'); END;

CREATE TRIGGER not_collected_day_closed BEFORE INSERT ON not_collected
        WHEN (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      AND d.action IN ('close', 'reopen') ORDER BY d.id DESC LIMIT 1) = 'close'
        BEGIN SELECT RAISE(ABORT, 'day_closed'); END;

CREATE TRIGGER deposit_day_closed BEFORE INSERT ON deposit
        WHEN (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      AND d.action IN ('close', 'reopen') ORDER BY d.id DESC LIMIT 1) = 'close'
        BEGIN SELECT RAISE(ABORT, 'day_closed'); END;

CREATE TRIGGER shift_day_closed BEFORE INSERT ON shift
        WHEN (SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      AND d.action IN ('close', 'reopen') ORDER BY d.id DESC LIMIT 1) = 'close'
        BEGIN SELECT RAISE(ABORT, 'day_closed'); END;

CREATE TRIGGER cash_movement_day_closed BEFORE INSERT ON cash_movement
        WHEN (SELECT d.action FROM day_close d WHERE d.business_day = (SELECT s.business_day FROM shift s WHERE s.id = NEW.shift_id)
      AND d.location_id = coalesce((SELECT s.location_id FROM shift s WHERE s.id = NEW.shift_id), (SELECT min(id) FROM location))
      AND d.action IN ('close', 'reopen') ORDER BY d.id DESC LIMIT 1) = 'close'
        BEGIN SELECT RAISE(ABORT, 'day_closed'); END;

CREATE TRIGGER drawer_count_day_closed BEFORE INSERT ON drawer_count
        WHEN (SELECT d.action FROM day_close d WHERE d.business_day = (SELECT s.business_day FROM shift s WHERE s.id = NEW.shift_id)
      AND d.location_id = coalesce((SELECT s.location_id FROM shift s WHERE s.id = NEW.shift_id), (SELECT min(id) FROM location))
      AND d.action IN ('close', 'reopen') ORDER BY d.id DESC LIMIT 1) = 'close'
        BEGIN SELECT RAISE(ABORT, 'day_closed'); END;

CREATE TRIGGER shift_is_closed BEFORE UPDATE ON shift
    WHEN OLD.closed_at IS NOT NULL AND (NEW.closed_at IS NOT NULL OR (SELECT d.action FROM day_close d WHERE d.business_day = OLD.business_day
      AND d.location_id = coalesce(OLD.location_id, (SELECT min(id) FROM location))
      AND d.action IN ('close', 'reopen') ORDER BY d.id DESC LIMIT 1) = 'close')
    BEGIN SELECT RAISE(ABORT, 'shift_closed'); END;

CREATE TRIGGER shift_stays BEFORE UPDATE ON shift
    WHEN NEW.drawer_id <> OLD.drawer_id OR NEW.location_id <> OLD.location_id
      OR NEW.business_day <> OLD.business_day OR NEW.float_cents <> OLD.float_cents
      OR NEW.opened_at <> OLD.opened_at
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER shift_one_open BEFORE INSERT ON shift
    WHEN EXISTS (SELECT 1 FROM shift s WHERE s.drawer_id = NEW.drawer_id
      AND s.business_day = NEW.business_day AND s.closed_at IS NULL)
    BEGIN SELECT RAISE(ABORT, 'shift_open'); END;

CREATE TRIGGER shift_no_delete BEFORE DELETE ON shift
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER shift_takes BEFORE INSERT ON payment
    WHEN NEW.shift_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM shift s WHERE s.id = NEW.shift_id
      AND s.closed_at IS NULL AND s.business_day = NEW.business_day
      AND s.location_id = NEW.location_id)
    BEGIN SELECT RAISE(ABORT, 'shift_closed'); END;

CREATE TRIGGER deposit_next BEFORE INSERT ON deposit
    WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM deposit
      WHERE location_id = NEW.location_id)
    BEGIN SELECT RAISE(ABORT, 'receipt_sequence'); END;

CREATE TRIGGER day_close_order BEFORE INSERT ON day_close
    WHEN NOT CASE NEW.action
      WHEN 'close' THEN NOT EXISTS (SELECT 1 FROM shift s WHERE s.location_id = NEW.location_id
        AND s.business_day = NEW.business_day AND s.closed_at IS NULL)
        AND coalesce((SELECT d.action FROM day_close d WHERE d.location_id = NEW.location_id
          AND d.business_day = NEW.business_day ORDER BY d.id DESC LIMIT 1), 'open')
          NOT IN ('close', 'approve')
      WHEN 'reopen' THEN coalesce((SELECT d.action FROM day_close d
        WHERE d.location_id = NEW.location_id AND d.business_day = NEW.business_day
        ORDER BY d.id DESC LIMIT 1), 'open') IN ('close', 'approve')
      WHEN 'approve' THEN coalesce((SELECT d.action FROM day_close d
        WHERE d.location_id = NEW.location_id AND d.business_day = NEW.business_day
        ORDER BY d.id DESC LIMIT 1), 'open') = 'close'
      ELSE coalesce((SELECT d.action FROM day_close d
        WHERE d.location_id = NEW.location_id AND d.business_day = NEW.business_day
        ORDER BY d.id DESC LIMIT 1), 'open') NOT IN ('close', 'approve')
      END
    BEGIN SELECT RAISE(ABORT, 'day_close_order'); END;

CREATE TRIGGER cash_movement_no_update BEFORE UPDATE ON cash_movement
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER cash_movement_no_delete BEFORE DELETE ON cash_movement
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER drawer_count_no_update BEFORE UPDATE ON drawer_count
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER drawer_count_no_delete BEFORE DELETE ON drawer_count
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER deposit_no_update BEFORE UPDATE ON deposit
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER deposit_no_delete BEFORE DELETE ON deposit
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER day_close_no_update BEFORE UPDATE ON day_close
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER day_close_no_delete BEFORE DELETE ON day_close
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER cash_movement_no_replace BEFORE INSERT ON cash_movement
        WHEN EXISTS (SELECT 1 FROM cash_movement WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER drawer_count_no_replace BEFORE INSERT ON drawer_count
        WHEN EXISTS (SELECT 1 FROM drawer_count WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER deposit_no_replace BEFORE INSERT ON deposit
        WHEN EXISTS (SELECT 1 FROM deposit WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER day_close_no_replace BEFORE INSERT ON day_close
        WHEN EXISTS (SELECT 1 FROM day_close WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER shift_no_replace BEFORE INSERT ON shift
        WHEN EXISTS (SELECT 1 FROM shift WHERE id = NEW.id)
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
SELECT 'manager', 'close_day' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'manager');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'manager', 'approve_day' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'manager');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'manager', 'reopen_day' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'manager');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'owner', 'refund_payments' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'owner');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'owner', 'adjust_charges' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'owner');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'owner', 'close_day' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'owner');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'owner', 'approve_day' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'owner');

INSERT OR IGNORE INTO role_permission (role, permission)
SELECT 'owner', 'reopen_day' WHERE EXISTS (SELECT 1 FROM role_permission WHERE role = 'owner');
