CREATE TABLE "connection" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "code" TEXT NOT NULL, "name" TEXT NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('core_soap', 'core_mime', 'json', 'folder')), "url" TEXT NOT NULL, "sender_id" TEXT NOT NULL, "receiver_id" TEXT NOT NULL, "secret" TEXT NOT NULL, "payers" TEXT NOT NULL, "timeout_seconds" INTEGER NOT NULL, "retries" INTEGER NOT NULL, "at_once" INTEGER NOT NULL, "ca_file" TEXT NOT NULL, "certificate" TEXT NOT NULL, "host_key" TEXT NOT NULL, "fields" TEXT NOT NULL, "active" INTEGER NOT NULL) STRICT;

CREATE TABLE "outbox_item" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "kind" TEXT NOT NULL, "connection_id" INTEGER NOT NULL, "key" TEXT NOT NULL, "trace" TEXT NOT NULL, "payload" TEXT NOT NULL, "patient_id" INTEGER, "appointment_id" INTEGER, "state" TEXT NOT NULL CHECK (state IN ('queued', 'waiting', 'answered', 'failed', 'given_up')), "queued_at" TEXT NOT NULL, "queued_by" TEXT NOT NULL, "next_at" TEXT NOT NULL, "attempts" INTEGER NOT NULL, "sent_at" TEXT, "failure" TEXT NOT NULL, "last_error" TEXT NOT NULL, "answer" TEXT, "answered_at" TEXT, "handled_at" TEXT, FOREIGN KEY ("connection_id") REFERENCES "connection" ("id") ON DELETE RESTRICT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "outbox_lease" ("id" INTEGER NOT NULL PRIMARY KEY, "item_id" INTEGER NOT NULL, "holder" TEXT NOT NULL, "taken_at" TEXT NOT NULL, "until" TEXT NOT NULL, FOREIGN KEY ("item_id") REFERENCES "outbox_item" ("id") ON DELETE RESTRICT) STRICT;

CREATE UNIQUE INDEX "connection_code" ON "connection" ("code");

CREATE INDEX "outbox_item_appointment_id" ON "outbox_item" ("appointment_id");

CREATE INDEX "outbox_item_connection_id" ON "outbox_item" ("connection_id");

CREATE UNIQUE INDEX "outbox_item_key" ON "outbox_item" ("key");

CREATE INDEX "outbox_item_patient_id" ON "outbox_item" ("patient_id");

CREATE INDEX "outbox_item_state_next_at" ON "outbox_item" ("state", "next_at");

CREATE INDEX "outbox_item_trace" ON "outbox_item" ("trace");

CREATE INDEX outbox_lease_copy ON outbox_lease (holder, taken_at, until);

CREATE UNIQUE INDEX "outbox_lease_item_id" ON "outbox_lease" ("item_id");

CREATE TRIGGER connection_no_delete BEFORE DELETE ON connection
    BEGIN SELECT RAISE(ABORT, 'a connection is disabled, never removed'); END;

CREATE TRIGGER outbox_item_is_what_it_was BEFORE UPDATE ON outbox_item
    WHEN NEW.payload IS NOT OLD.payload OR NEW.key IS NOT OLD.key OR NEW.kind IS NOT OLD.kind
      OR NEW.connection_id IS NOT OLD.connection_id OR NEW.trace IS NOT OLD.trace
      OR NEW.patient_id IS NOT OLD.patient_id
      OR (OLD.state = 'answered' AND (NEW.state <> 'answered' OR NEW.answer IS NOT OLD.answer))
    BEGIN SELECT RAISE(ABORT, 'what is sent and what was answered are not changed'); END;

CREATE TRIGGER outbox_item_no_delete BEFORE DELETE ON outbox_item
    BEGIN SELECT RAISE(ABORT, 'what was to be sent is given up, never removed'); END;
