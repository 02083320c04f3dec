CREATE TABLE "ssh_key" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "staff_id" INTEGER NOT NULL, "kind" TEXT NOT NULL, "blob" TEXT NOT NULL, "fingerprint" TEXT NOT NULL, "label" TEXT NOT NULL, "addresses" TEXT NOT NULL, "expires_on" TEXT, "added_at" TEXT NOT NULL, "revoked_at" TEXT, FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE RESTRICT) STRICT;

CREATE INDEX "ssh_key_staff_id" ON "ssh_key" ("staff_id");

CREATE UNIQUE INDEX "ssh_key_fingerprint" ON "ssh_key" ("fingerprint");

CREATE TRIGGER ssh_key_no_delete BEFORE DELETE ON ssh_key
    BEGIN SELECT RAISE(ABORT, 'a key is revoked, never removed'); END;

CREATE TRIGGER ssh_key_no_replace BEFORE INSERT ON ssh_key
    WHEN EXISTS (SELECT 1 FROM ssh_key WHERE id = NEW.id OR fingerprint = NEW.fingerprint)
    BEGIN SELECT RAISE(ABORT, 'a key is enrolled once'); END;

CREATE TRIGGER ssh_key_is_its_owners BEFORE UPDATE ON ssh_key
    WHEN NEW.staff_id IS NOT OLD.staff_id OR NEW.blob IS NOT OLD.blob
      OR NEW.kind IS NOT OLD.kind OR NEW.fingerprint IS NOT OLD.fingerprint
      OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at)
    BEGIN SELECT RAISE(ABORT, 'a key is its owner''s, and revoked for good'); END;
