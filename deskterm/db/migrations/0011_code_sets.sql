-- Published code lists: what was loaded, the codes with their days, and how they are found

CREATE TABLE "code_file" ("id" INTEGER NOT NULL PRIMARY KEY, "system" TEXT NOT NULL CHECK (system IN ('icd10cm', 'hcpcs', 'cpt', 'taxonomy', 'pos', 'payer')), "source" TEXT NOT NULL, "form" TEXT NOT NULL, "file_name" TEXT NOT NULL, "digest" TEXT NOT NULL, "starts_on" TEXT NOT NULL, "licence" TEXT NOT NULL, "counts" TEXT NOT NULL, "contents" TEXT NOT NULL, "imported_at" TEXT NOT NULL, "by" TEXT NOT NULL) STRICT;

CREATE TABLE "code_entry" ("id" INTEGER NOT NULL PRIMARY KEY, "system" TEXT NOT NULL CHECK (system IN ('icd10cm', 'hcpcs', 'cpt', 'taxonomy', 'pos', 'payer')), "source" TEXT NOT NULL, "code" TEXT NOT NULL, "label" TEXT NOT NULL, "also" TEXT NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('code', 'header', 'range', 'modifier')), "starts_on" TEXT NOT NULL, "ends_on" TEXT, "notes" TEXT NOT NULL, "file_id" INTEGER NOT NULL, "place" INTEGER, FOREIGN KEY ("file_id") REFERENCES "code_file" ("id") ON DELETE RESTRICT, CHECK (ends_on IS NULL OR ends_on >= date(starts_on, '-1 day'))) STRICT;

CREATE TABLE "code_word" ("id" INTEGER NOT NULL PRIMARY KEY, "word" TEXT NOT NULL) STRICT;

CREATE TABLE "code_word_key" ("id" INTEGER NOT NULL PRIMARY KEY, "key" TEXT NOT NULL, "word_id" INTEGER NOT NULL, FOREIGN KEY ("word_id") REFERENCES "code_word" ("id") ON DELETE RESTRICT) STRICT;

CREATE UNIQUE INDEX "code_entry_place" ON "code_entry" ("place");

CREATE UNIQUE INDEX "code_entry_system_code_source_starts_on" ON "code_entry" ("system", "code", "source", "starts_on");

CREATE UNIQUE INDEX "code_word_key_key_word_id" ON "code_word_key" ("key", "word_id");

CREATE UNIQUE INDEX "code_word_word" ON "code_word" ("word");

CREATE VIRTUAL TABLE code_search USING fts5(code, label, also, content='', detail='column',
    prefix='2 3', tokenize='unicode61 remove_diacritics 2');
