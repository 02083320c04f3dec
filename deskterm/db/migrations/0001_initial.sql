CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;

CREATE TABLE "provider" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "code" TEXT NOT NULL, "first_name" TEXT NOT NULL, "last_name" TEXT NOT NULL, "credential" TEXT NOT NULL, "npi" TEXT, "specialty" TEXT NOT NULL, "sort_order" INTEGER NOT NULL, "active" INTEGER NOT NULL) STRICT;

CREATE TABLE "patient" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "mrn" TEXT NOT NULL, "last_name" TEXT NOT NULL, "first_name" TEXT NOT NULL, "middle_name" TEXT NOT NULL, "suffix" TEXT NOT NULL, "preferred_name" TEXT NOT NULL, "previous_last_name" TEXT NOT NULL, "pronunciation" TEXT NOT NULL, "birth_date" TEXT NOT NULL, "sex" TEXT NOT NULL CHECK (sex IN ('F', 'M', 'X', 'U')), "language" TEXT NOT NULL, "interpreter_needed" INTEGER NOT NULL, "email" TEXT NOT NULL, "contact_channel" TEXT NOT NULL CHECK (contact_channel IN ('phone', 'text', 'email', 'letter', 'none')), "pcp" TEXT NOT NULL, "pharmacy" TEXT NOT NULL, "alert" TEXT NOT NULL, "provider_id" INTEGER, "status" TEXT NOT NULL CHECK (status IN ('active', 'deceased', 'merged', 'entered_in_error')), "deceased_on" TEXT, "merged_into_id" INTEGER, "restricted" INTEGER NOT NULL, "registered_at" TEXT NOT NULL, "source" TEXT NOT NULL, "last_key" TEXT NOT NULL, "first_key" TEXT NOT NULL, "birth_day" INTEGER NOT NULL, "sound_key" TEXT NOT NULL, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT, FOREIGN KEY ("merged_into_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "acknowledgment" ("id" INTEGER NOT NULL PRIMARY KEY, "patient_id" INTEGER NOT NULL, "form" TEXT NOT NULL, "version_label" TEXT NOT NULL, "outcome" TEXT NOT NULL CHECK (outcome IN ('given', 'signed', 'refused', 'unable')), "reason" TEXT NOT NULL, "on_day" TEXT NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "location" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "code" TEXT NOT NULL, "name" TEXT NOT NULL, "address" TEXT NOT NULL, "phone" TEXT NOT NULL, "zone" TEXT NOT NULL, "opens" INTEGER NOT NULL, "closes" INTEGER NOT NULL, "receipt_prefix" TEXT NOT NULL, "active" INTEGER NOT NULL) STRICT;

CREATE TABLE "visit_type" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "code" TEXT NOT NULL, "name" TEXT NOT NULL, "minutes" INTEGER NOT NULL CHECK (minutes BETWEEN 5 AND 480), "aliases" TEXT NOT NULL, "new_patient" INTEGER NOT NULL, "needs_authorization" INTEGER NOT NULL, "copay_applies" INTEGER NOT NULL, "wait_limit" INTEGER NOT NULL, "sort_order" INTEGER NOT NULL, "active" INTEGER NOT NULL) STRICT;

CREATE TABLE "room" ("id" INTEGER NOT NULL PRIMARY KEY, "location_id" INTEGER NOT NULL, "name" TEXT NOT NULL, "active" INTEGER NOT NULL, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "appointment" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "provider_id" INTEGER NOT NULL, "location_id" INTEGER NOT NULL, "visit_type_id" INTEGER NOT NULL, "room_id" INTEGER, "day" TEXT NOT NULL, "wall_start" TEXT NOT NULL, "zone" TEXT NOT NULL, "starts_at" INTEGER NOT NULL, "minutes" INTEGER NOT NULL CHECK (minutes BETWEEN 5 AND 480), "lane" INTEGER NOT NULL, "lifecycle" TEXT NOT NULL CHECK (lifecycle IN ('scheduled', 'completed', 'no_show', 'cancelled', 'left', 'entered_in_error')), "confirmation" TEXT NOT NULL CHECK (confirmation IN ('unconfirmed', 'message_left', 'confirmed', 'declined', 'unreachable')), "stage" TEXT NOT NULL CHECK (stage IN ('expected', 'arrived', 'checking_in', 'checked_in', 'roomed', 'with_provider', 'ready', 'checked_out')), "clearance" TEXT NOT NULL CHECK (clearance IN ('not_checked', 'clear', 'attention', 'waived')), "clearance_reason" TEXT NOT NULL, "note" TEXT NOT NULL, "walk_in" INTEGER NOT NULL, "overbook_reason" TEXT NOT NULL, "patient_indicated_date" TEXT, "series_id" INTEGER, "rescheduled_from_id" INTEGER, "cancelled_by" TEXT CHECK (cancelled_by IN ('patient', 'practice', 'payer', 'other')), "cancel_reason" TEXT NOT NULL, "cancel_note" TEXT NOT NULL, "notice_minutes" INTEGER, "booked_at" TEXT NOT NULL, "booked_by" TEXT NOT NULL, "stage_since" TEXT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT, FOREIGN KEY ("visit_type_id") REFERENCES "visit_type" ("id") ON DELETE RESTRICT, FOREIGN KEY ("room_id") REFERENCES "room" ("id") ON DELETE RESTRICT, FOREIGN KEY ("rescheduled_from_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, CHECK (lane < 100 OR overbook_reason <> '')) STRICT;

CREATE TABLE "payment" ("id" INTEGER NOT NULL PRIMARY KEY, "kind" TEXT NOT NULL CHECK (kind IN ('payment', 'void')), "patient_id" INTEGER NOT NULL, "appointment_id" INTEGER, "location_id" INTEGER NOT NULL, "drawer" TEXT NOT NULL, "business_day" TEXT NOT NULL, "taken_at" TEXT NOT NULL, "by" TEXT NOT NULL, "desk" TEXT NOT NULL, "receipt" TEXT NOT NULL, "sequence" INTEGER NOT NULL, "total_cents" INTEGER NOT NULL, "note" TEXT NOT NULL, "voids_id" INTEGER, "void_reason" TEXT NOT NULL, "balance_after_cents" INTEGER NOT NULL, "posted" INTEGER NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT, FOREIGN KEY ("voids_id") REFERENCES "payment" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "charge" ("id" INTEGER NOT NULL PRIMARY KEY, "patient_id" INTEGER NOT NULL, "appointment_id" INTEGER, "kind" TEXT NOT NULL CHECK (kind IN ('copay', 'deductible', 'coinsurance', 'visit', 'no_show_fee', 'form_fee', 'records_fee', 'other')), "description" TEXT NOT NULL, "amount_cents" INTEGER NOT NULL, "service_day" TEXT NOT NULL, "business_day" TEXT NOT NULL, "posted_at" TEXT NOT NULL, "by" TEXT NOT NULL, "reverses_id" INTEGER, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("reverses_id") REFERENCES "charge" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "allocation" ("id" INTEGER NOT NULL PRIMARY KEY, "payment_id" INTEGER NOT NULL, "purpose" TEXT NOT NULL CHECK (purpose IN ('copay', 'deductible', 'coinsurance', 'visit', 'no_show_fee', 'form_fee', 'records_fee', 'other', 'balance', 'prepayment')), "charge_id" INTEGER, "amount_cents" INTEGER NOT NULL CHECK (amount_cents <> 0), FOREIGN KEY ("payment_id") REFERENCES "payment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("charge_id") REFERENCES "charge" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "check_in_step" ("id" INTEGER NOT NULL PRIMARY KEY, "appointment_id" INTEGER NOT NULL, "step" TEXT NOT NULL CHECK (step IN ('identity', 'contact', 'insurance', 'forms', 'authorization', 'money')), "outcome" TEXT NOT NULL CHECK (outcome IN ('confirmed', 'missing', 'overridden')), "detail" TEXT NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "code" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "kind" TEXT NOT NULL, "code" TEXT NOT NULL, "label" TEXT NOT NULL, "detail" TEXT NOT NULL, "sort_order" INTEGER NOT NULL, "active" INTEGER NOT NULL) STRICT;

CREATE TABLE "plan" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "code" TEXT NOT NULL, "name" TEXT NOT NULL, "payer_name" TEXT NOT NULL, "payer_id" TEXT NOT NULL, "plan_type" TEXT NOT NULL CHECK (plan_type IN ('HMO', 'PPO', 'EPO', 'POS', 'HDHP', 'MEDICARE', 'MA', 'MEDICAID', 'MCO', 'TRICARE', 'WC', 'AUTO', 'CHARITY', 'SELF', 'OTHER')), "copay_cents" INTEGER, "referral_required" INTEGER NOT NULL, "phone" TEXT NOT NULL, "active" INTEGER NOT NULL) STRICT;

CREATE TABLE "coverage" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "plan_id" INTEGER NOT NULL, "member_id" TEXT NOT NULL, "group_number" TEXT NOT NULL, "relationship" TEXT NOT NULL CHECK (relationship IN ('18', '01', '19', '20', '21', '39', '40', '53', 'G8')), "subscriber_name" TEXT NOT NULL, "subscriber_birth_date" TEXT, "starts_on" TEXT, "ends_on" TEXT, "priority" INTEGER NOT NULL, "copay_cents" INTEGER, "card_seen_on" TEXT, "eligibility" TEXT NOT NULL CHECK (eligibility IN ('not_checked', 'active', 'inactive', 'issue', 'unable', 'self_pay')), "verified_on" TEXT, "verified_by" TEXT NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("plan_id") REFERENCES "plan" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "draft" ("id" INTEGER NOT NULL PRIMARY KEY, "key" TEXT NOT NULL, "owner" TEXT NOT NULL, "desk" TEXT NOT NULL, "form" TEXT NOT NULL, "heading" TEXT NOT NULL, "patient_id" INTEGER, "subject_id" INTEGER, "state" TEXT NOT NULL, "status" TEXT NOT NULL CHECK (status IN ('open', 'done', 'dropped')), "reason" TEXT NOT NULL, "opened_at" TEXT NOT NULL, "saved_at" TEXT NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "fhir_source" ("id" INTEGER NOT NULL PRIMARY KEY, "system" TEXT NOT NULL, "resource_id" TEXT NOT NULL, "kind" TEXT NOT NULL, "record_id" INTEGER NOT NULL, "digest" TEXT NOT NULL, "taken" TEXT NOT NULL, "imported_at" TEXT NOT NULL) STRICT;

CREATE TABLE "free_horizon" ("provider_id" INTEGER NOT NULL PRIMARY KEY, "laid_until" TEXT NOT NULL, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "free_interval" ("id" INTEGER NOT NULL PRIMARY KEY, "provider_id" INTEGER NOT NULL, "location_id" INTEGER NOT NULL, "day" TEXT NOT NULL, "weekday" INTEGER NOT NULL, "starts_at" INTEGER NOT NULL, "ends_at" INTEGER NOT NULL, "wall_start" TEXT NOT NULL, "visit_types" TEXT NOT NULL, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "journal" ("seq" INTEGER NOT NULL PRIMARY KEY, "at" TEXT NOT NULL, "actor" TEXT NOT NULL, "desk" TEXT NOT NULL, "operation" TEXT NOT NULL, "patient_id" INTEGER, "entity" TEXT NOT NULL, "entity_id" INTEGER, "reason" TEXT NOT NULL, "key" TEXT, "changes" TEXT NOT NULL, "prev_hash" TEXT NOT NULL, "hash" TEXT NOT NULL) STRICT;

CREATE TABLE "pool" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "code" TEXT NOT NULL, "name" TEXT NOT NULL) STRICT;

CREATE TABLE "staff" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "login" TEXT NOT NULL, "name" TEXT NOT NULL, "role" TEXT NOT NULL, "active" INTEGER NOT NULL) STRICT;

CREATE TABLE "message" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "taken_at" TEXT NOT NULL, "taken_by" TEXT NOT NULL, "line" TEXT NOT NULL, "caller" TEXT NOT NULL, "relationship" TEXT NOT NULL, "identity_checked" TEXT NOT NULL, "callback" TEXT NOT NULL, "best_time" TEXT NOT NULL, "patient_id" INTEGER, "topic" TEXT NOT NULL, "body" TEXT NOT NULL, "urgency" TEXT NOT NULL CHECK (urgency IN ('now', 'urgent', 'today', 'routine')), "pool_id" INTEGER, "assignee_id" INTEGER, "due_at" TEXT NOT NULL, "status" TEXT NOT NULL CHECK (status IN ('new', 'read', 'acknowledged', 'in_progress', 'closed')), "outcome" TEXT NOT NULL, "outcome_note" TEXT NOT NULL, "closed_at" TEXT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("pool_id") REFERENCES "pool" ("id") ON DELETE RESTRICT, FOREIGN KEY ("assignee_id") REFERENCES "staff" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "message_event" ("id" INTEGER NOT NULL PRIMARY KEY, "message_id" INTEGER NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, "action" TEXT NOT NULL, "note" TEXT NOT NULL, FOREIGN KEY ("message_id") REFERENCES "message" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "not_collected" ("id" INTEGER NOT NULL PRIMARY KEY, "patient_id" INTEGER NOT NULL, "appointment_id" INTEGER, "charge_id" INTEGER, "amount_cents" INTEGER NOT NULL, "reason" TEXT NOT NULL, "note" TEXT NOT NULL, "business_day" TEXT NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("charge_id") REFERENCES "charge" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "patient_address" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('home', 'mailing', 'confidential')), "line1" TEXT NOT NULL, "line2" TEXT NOT NULL, "city" TEXT NOT NULL, "state" TEXT NOT NULL, "postal_code" TEXT NOT NULL, "country" TEXT NOT NULL, "confirmed_on" TEXT, "ended_on" TEXT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "patient_identifier" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "system" TEXT NOT NULL, "value" TEXT NOT NULL, "kind" TEXT NOT NULL, "tail" TEXT NOT NULL, "active" INTEGER NOT NULL, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "patient_name_word" ("word" TEXT NOT NULL, "given" INTEGER NOT NULL, "other" TEXT NOT NULL, "patient_id" INTEGER NOT NULL, PRIMARY KEY ("word", "given", "other", "patient_id"), FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT, WITHOUT ROWID;

CREATE TABLE "patient_phone" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "number" TEXT NOT NULL, "reversed" TEXT NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('mobile', 'home', 'work', 'other')), "text_ok" INTEGER NOT NULL, "voice_ok" INTEGER NOT NULL, "detail_ok" INTEGER NOT NULL, "consent_on" TEXT, "priority" INTEGER NOT NULL, "ended_on" TEXT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "pool_member" ("id" INTEGER NOT NULL PRIMARY KEY, "pool_id" INTEGER NOT NULL, "staff_id" INTEGER NOT NULL, FOREIGN KEY ("pool_id") REFERENCES "pool" ("id") ON DELETE RESTRICT, FOREIGN KEY ("staff_id") REFERENCES "staff" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "provider_visit_type" ("id" INTEGER NOT NULL PRIMARY KEY, "provider_id" INTEGER NOT NULL, "visit_type_id" INTEGER NOT NULL, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT, FOREIGN KEY ("visit_type_id") REFERENCES "visit_type" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "related_person" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "patient_id" INTEGER NOT NULL, "name" TEXT NOT NULL, "relationship" TEXT NOT NULL, "phone" TEXT NOT NULL, "emergency_contact" INTEGER NOT NULL, "guarantor" INTEGER NOT NULL, "guardian" INTEGER NOT NULL, "may_discuss" TEXT NOT NULL, "ended_on" TEXT, FOREIGN KEY ("patient_id") REFERENCES "patient" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "role_permission" ("role" TEXT NOT NULL, "permission" TEXT NOT NULL, PRIMARY KEY ("role", "permission")) STRICT;

CREATE TABLE "row_number" ("appointment_id" INTEGER NOT NULL PRIMARY KEY, "day" TEXT NOT NULL, "number" INTEGER NOT NULL, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "schedule_exception" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "provider_id" INTEGER, "location_id" INTEGER, "day" TEXT NOT NULL, "start_minute" INTEGER NOT NULL, "end_minute" INTEGER NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('open', 'lunch', 'admin', 'meeting', 'away', 'closed', 'block')), "label" TEXT NOT NULL, "capacity" INTEGER NOT NULL, "active" INTEGER NOT NULL, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT, CHECK (start_minute < end_minute)) STRICT;

CREATE TABLE "search_name" ("id" INTEGER NOT NULL PRIMARY KEY, "word" TEXT NOT NULL, "given" INTEGER NOT NULL) STRICT;

CREATE TABLE "search_name_key" ("key" TEXT NOT NULL, "name_id" INTEGER NOT NULL, PRIMARY KEY ("key", "name_id"), FOREIGN KEY ("name_id") REFERENCES "search_name" ("id") ON DELETE RESTRICT) STRICT, WITHOUT ROWID;

CREATE TABLE "slot_hold" ("id" INTEGER NOT NULL PRIMARY KEY, "provider_id" INTEGER NOT NULL, "location_id" INTEGER NOT NULL, "day" TEXT NOT NULL, "starts_at" INTEGER NOT NULL, "minutes" INTEGER NOT NULL, "desk" TEXT NOT NULL, "staff" TEXT NOT NULL, "expires_at" TEXT NOT NULL, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "stage_event" ("id" INTEGER NOT NULL PRIMARY KEY, "appointment_id" INTEGER NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, "desk" TEXT NOT NULL, "from_stage" TEXT NOT NULL CHECK (from_stage IN ('expected', 'arrived', 'checking_in', 'checked_in', 'roomed', 'with_provider', 'ready', 'checked_out')), "to_stage" TEXT NOT NULL CHECK (to_stage IN ('expected', 'arrived', 'checking_in', 'checked_in', 'roomed', 'with_provider', 'ready', 'checked_out')), "from_lifecycle" TEXT NOT NULL CHECK (from_lifecycle IN ('scheduled', 'completed', 'no_show', 'cancelled', 'left', 'entered_in_error')), "to_lifecycle" TEXT NOT NULL CHECK (to_lifecycle IN ('scheduled', 'completed', 'no_show', 'cancelled', 'left', 'entered_in_error')), "skipped" TEXT NOT NULL, "backward" INTEGER NOT NULL, "reason" TEXT NOT NULL, "room" TEXT NOT NULL, "undoes_id" INTEGER, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT, FOREIGN KEY ("undoes_id") REFERENCES "stage_event" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "tender" ("id" INTEGER NOT NULL PRIMARY KEY, "payment_id" INTEGER NOT NULL, "kind" TEXT NOT NULL CHECK (kind IN ('cash', 'check', 'card', 'money_order')), "amount_cents" INTEGER NOT NULL CHECK (amount_cents <> 0), "given_cents" INTEGER, "reference" TEXT NOT NULL, "card_brand" TEXT NOT NULL CHECK (card_brand IN ('', 'visa', 'mastercard', 'amex', 'discover', 'other')), "card_last4" TEXT NOT NULL, "approval" TEXT NOT NULL, FOREIGN KEY ("payment_id") REFERENCES "payment" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "visit_note" ("id" INTEGER NOT NULL PRIMARY KEY, "appointment_id" INTEGER NOT NULL, "at" TEXT NOT NULL, "by" TEXT NOT NULL, "text" TEXT NOT NULL, FOREIGN KEY ("appointment_id") REFERENCES "appointment" ("id") ON DELETE RESTRICT) STRICT;

CREATE TABLE "weekly_template" ("id" INTEGER NOT NULL PRIMARY KEY, "version" INTEGER NOT NULL, "provider_id" INTEGER NOT NULL, "location_id" INTEGER NOT NULL, "weekday" INTEGER NOT NULL CHECK (weekday BETWEEN 0 AND 6), "start_minute" INTEGER NOT NULL CHECK (start_minute BETWEEN 0 AND 1439), "end_minute" INTEGER NOT NULL CHECK (end_minute BETWEEN 1 AND 1440), "kind" TEXT NOT NULL CHECK (kind IN ('open', 'lunch', 'admin', 'meeting', 'away', 'closed', 'block')), "label" TEXT NOT NULL, "visit_types" TEXT NOT NULL, "capacity" INTEGER NOT NULL CHECK (capacity BETWEEN 1 AND 20), "starts_on" TEXT NOT NULL, "ends_on" TEXT, FOREIGN KEY ("provider_id") REFERENCES "provider" ("id") ON DELETE RESTRICT, FOREIGN KEY ("location_id") REFERENCES "location" ("id") ON DELETE RESTRICT, CHECK (start_minute < end_minute)) STRICT;

CREATE UNIQUE INDEX "provider_code" ON "provider" ("code");

CREATE UNIQUE INDEX "provider_npi" ON "provider" ("npi");

CREATE UNIQUE INDEX "patient_mrn" ON "patient" ("mrn");

CREATE INDEX "patient_provider_id" ON "patient" ("provider_id");

CREATE INDEX "patient_merged_into_id" ON "patient" ("merged_into_id");

CREATE INDEX "patient_sound_key" ON "patient" ("sound_key");

CREATE INDEX "patient_last_key_first_key_birth_date" ON "patient" ("last_key", "first_key", "birth_date");

CREATE INDEX "patient_first_key_last_key_birth_date" ON "patient" ("first_key", "last_key", "birth_date");

CREATE INDEX "patient_birth_date_last_key" ON "patient" ("birth_date", "last_key");

CREATE INDEX "acknowledgment_patient_id" ON "acknowledgment" ("patient_id");

CREATE UNIQUE INDEX "location_code" ON "location" ("code");

CREATE UNIQUE INDEX "location_receipt_prefix" ON "location" ("receipt_prefix");

CREATE UNIQUE INDEX "visit_type_code" ON "visit_type" ("code");

CREATE INDEX "room_location_id" ON "room" ("location_id");

CREATE UNIQUE INDEX "room_location_id_name" ON "room" ("location_id", "name");

CREATE INDEX "appointment_patient_id" ON "appointment" ("patient_id");

CREATE INDEX "appointment_provider_id" ON "appointment" ("provider_id");

CREATE INDEX "appointment_location_id" ON "appointment" ("location_id");

CREATE INDEX "appointment_visit_type_id" ON "appointment" ("visit_type_id");

CREATE INDEX "appointment_room_id" ON "appointment" ("room_id");

CREATE INDEX "appointment_series_id" ON "appointment" ("series_id");

CREATE INDEX "appointment_rescheduled_from_id" ON "appointment" ("rescheduled_from_id");

CREATE INDEX "appointment_day_provider_id" ON "appointment" ("day", "provider_id");

CREATE INDEX "appointment_provider_id_starts_at" ON "appointment" ("provider_id", "starts_at");

CREATE INDEX "appointment_patient_id_starts_at" ON "appointment" ("patient_id", "starts_at");

CREATE INDEX "payment_patient_id" ON "payment" ("patient_id");

CREATE INDEX "payment_appointment_id" ON "payment" ("appointment_id");

CREATE INDEX "payment_location_id" ON "payment" ("location_id");

CREATE INDEX "payment_business_day" ON "payment" ("business_day");

CREATE UNIQUE INDEX "payment_receipt" ON "payment" ("receipt");

CREATE UNIQUE INDEX "payment_voids_id" ON "payment" ("voids_id");

CREATE UNIQUE INDEX "payment_location_id_business_day_sequence" ON "payment" ("location_id", "business_day", "sequence");

CREATE INDEX "charge_patient_id" ON "charge" ("patient_id");

CREATE INDEX "charge_appointment_id" ON "charge" ("appointment_id");

CREATE INDEX "charge_business_day" ON "charge" ("business_day");

CREATE UNIQUE INDEX "charge_reverses_id" ON "charge" ("reverses_id");

CREATE INDEX "allocation_payment_id" ON "allocation" ("payment_id");

CREATE INDEX "allocation_charge_id" ON "allocation" ("charge_id");

CREATE INDEX "check_in_step_appointment_id" ON "check_in_step" ("appointment_id");

CREATE UNIQUE INDEX "code_kind_code" ON "code" ("kind", "code");

CREATE UNIQUE INDEX "plan_code" ON "plan" ("code");

CREATE INDEX "coverage_patient_id" ON "coverage" ("patient_id");

CREATE INDEX "coverage_plan_id" ON "coverage" ("plan_id");

CREATE INDEX "coverage_member_id" ON "coverage" ("member_id");

CREATE UNIQUE INDEX "draft_key" ON "draft" ("key");

CREATE INDEX "draft_owner" ON "draft" ("owner");

CREATE INDEX "draft_patient_id" ON "draft" ("patient_id");

CREATE UNIQUE INDEX "fhir_source_kind_system_resource_id" ON "fhir_source" ("kind", "system", "resource_id");

CREATE INDEX "fhir_source_kind_record_id" ON "fhir_source" ("kind", "record_id");

CREATE INDEX "free_interval_provider_id" ON "free_interval" ("provider_id");

CREATE INDEX "free_interval_location_id" ON "free_interval" ("location_id");

CREATE INDEX "free_interval_provider_id_starts_at_ends_at" ON "free_interval" ("provider_id", "starts_at", "ends_at");

CREATE INDEX "free_interval_starts_at_ends_at_provider_id" ON "free_interval" ("starts_at", "ends_at", "provider_id");

CREATE INDEX "free_interval_provider_id_day" ON "free_interval" ("provider_id", "day");

CREATE INDEX "journal_actor" ON "journal" ("actor");

CREATE INDEX "journal_patient_id" ON "journal" ("patient_id");

CREATE UNIQUE INDEX "journal_key" ON "journal" ("key");

CREATE INDEX "journal_entity_entity_id" ON "journal" ("entity", "entity_id");

CREATE UNIQUE INDEX "pool_code" ON "pool" ("code");

CREATE UNIQUE INDEX "staff_login" ON "staff" ("login");

CREATE INDEX "message_patient_id" ON "message" ("patient_id");

CREATE INDEX "message_pool_id" ON "message" ("pool_id");

CREATE INDEX "message_assignee_id" ON "message" ("assignee_id");

CREATE INDEX "message_status" ON "message" ("status");

CREATE INDEX "message_event_message_id" ON "message_event" ("message_id");

CREATE INDEX "not_collected_patient_id" ON "not_collected" ("patient_id");

CREATE INDEX "not_collected_appointment_id" ON "not_collected" ("appointment_id");

CREATE INDEX "not_collected_charge_id" ON "not_collected" ("charge_id");

CREATE INDEX "not_collected_business_day" ON "not_collected" ("business_day");

CREATE INDEX "patient_address_patient_id" ON "patient_address" ("patient_id");

CREATE INDEX "patient_identifier_patient_id" ON "patient_identifier" ("patient_id");

CREATE INDEX "patient_identifier_tail" ON "patient_identifier" ("tail");

CREATE UNIQUE INDEX "patient_identifier_system_value_patient_id" ON "patient_identifier" ("system", "value", "patient_id");

CREATE INDEX "patient_identifier_value" ON "patient_identifier" ("value");

CREATE INDEX "patient_name_word_patient_id" ON "patient_name_word" ("patient_id");

CREATE INDEX "patient_name_word_other_given_word" ON "patient_name_word" ("other", "given", "word");

CREATE INDEX "patient_phone_patient_id" ON "patient_phone" ("patient_id");

CREATE INDEX "patient_phone_reversed" ON "patient_phone" ("reversed");

CREATE INDEX "pool_member_pool_id" ON "pool_member" ("pool_id");

CREATE INDEX "pool_member_staff_id" ON "pool_member" ("staff_id");

CREATE UNIQUE INDEX "pool_member_pool_id_staff_id" ON "pool_member" ("pool_id", "staff_id");

CREATE INDEX "provider_visit_type_provider_id" ON "provider_visit_type" ("provider_id");

CREATE INDEX "provider_visit_type_visit_type_id" ON "provider_visit_type" ("visit_type_id");

CREATE UNIQUE INDEX "provider_visit_type_provider_id_visit_type_id" ON "provider_visit_type" ("provider_id", "visit_type_id");

CREATE INDEX "related_person_patient_id" ON "related_person" ("patient_id");

CREATE UNIQUE INDEX "row_number_day_number" ON "row_number" ("day", "number");

CREATE INDEX "schedule_exception_provider_id" ON "schedule_exception" ("provider_id");

CREATE INDEX "schedule_exception_location_id" ON "schedule_exception" ("location_id");

CREATE INDEX "schedule_exception_day" ON "schedule_exception" ("day");

CREATE UNIQUE INDEX "search_name_word_given" ON "search_name" ("word", "given");

CREATE INDEX "search_name_key_name_id" ON "search_name_key" ("name_id");

CREATE INDEX "slot_hold_provider_id" ON "slot_hold" ("provider_id");

CREATE INDEX "slot_hold_location_id" ON "slot_hold" ("location_id");

CREATE INDEX "slot_hold_day" ON "slot_hold" ("day");

CREATE INDEX "stage_event_appointment_id" ON "stage_event" ("appointment_id");

CREATE UNIQUE INDEX "stage_event_undoes_id" ON "stage_event" ("undoes_id");

CREATE INDEX "tender_payment_id" ON "tender" ("payment_id");

CREATE INDEX "visit_note_appointment_id" ON "visit_note" ("appointment_id");

CREATE INDEX "weekly_template_provider_id" ON "weekly_template" ("provider_id");

CREATE INDEX "weekly_template_location_id" ON "weekly_template" ("location_id");

CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER journal_next BEFORE INSERT ON journal
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
      OR NEW.prev_hash IS NOT coalesce(
        (SELECT hash FROM journal ORDER BY seq DESC LIMIT 1), '0000000000000000000000000000000000000000000000000000000000000000')
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER appointment_overlap_insert BEFORE INSERT ON appointment
    WHEN NEW.lifecycle IN ('scheduled', 'completed') AND EXISTS (
      SELECT 1 FROM appointment a
      WHERE a.provider_id = NEW.provider_id AND a.lane = NEW.lane
        AND a.lifecycle IN ('scheduled', 'completed') AND a.id IS NOT NEW.id
        AND a.starts_at < NEW.starts_at + NEW.minutes
        AND a.starts_at > NEW.starts_at - 481
        AND NEW.starts_at < a.starts_at + a.minutes)
    BEGIN SELECT RAISE(ABORT, 'appointment_overlap'); END;

CREATE TRIGGER appointment_overlap_update BEFORE UPDATE OF provider_id, lane, starts_at, minutes, lifecycle ON appointment
    WHEN NEW.lifecycle IN ('scheduled', 'completed') AND EXISTS (
      SELECT 1 FROM appointment a
      WHERE a.provider_id = NEW.provider_id AND a.lane = NEW.lane
        AND a.lifecycle IN ('scheduled', 'completed') AND a.id IS NOT NEW.id
        AND a.starts_at < NEW.starts_at + NEW.minutes
        AND a.starts_at > NEW.starts_at - 481
        AND NEW.starts_at < a.starts_at + a.minutes)
    BEGIN SELECT RAISE(ABORT, 'appointment_overlap'); END;

CREATE TRIGGER appointment_no_delete BEFORE DELETE ON appointment
    BEGIN SELECT RAISE(ABORT, 'appointments are never removed'); END;

CREATE TRIGGER stage_event_no_update BEFORE UPDATE ON stage_event
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER stage_event_no_delete BEFORE DELETE ON stage_event
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER check_in_step_no_update BEFORE UPDATE ON check_in_step
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER check_in_step_no_delete BEFORE DELETE ON check_in_step
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER visit_note_no_update BEFORE UPDATE ON visit_note
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER visit_note_no_delete BEFORE DELETE ON visit_note
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER stage_event_no_replace BEFORE INSERT ON stage_event
    WHEN EXISTS (SELECT 1 FROM stage_event WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER check_in_step_no_replace BEFORE INSERT ON check_in_step
    WHEN EXISTS (SELECT 1 FROM check_in_step WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER visit_note_no_replace BEFORE INSERT ON visit_note
    WHEN EXISTS (SELECT 1 FROM visit_note WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER payment_posts BEFORE UPDATE ON payment
    WHEN OLD.posted = 1 OR NEW.posted <> 1
    BEGIN SELECT RAISE(ABORT, 'a posted payment cannot change'); END;

CREATE TRIGGER payment_balanced BEFORE UPDATE OF posted ON payment
    WHEN NEW.posted = 1 AND (
      NEW.total_cents IS NOT (SELECT sum(amount_cents) FROM tender WHERE payment_id = NEW.id)
      OR NEW.total_cents IS NOT
        (SELECT sum(amount_cents) FROM allocation WHERE payment_id = NEW.id))
    BEGIN SELECT RAISE(ABORT, 'payment_unbalanced'); END;

CREATE TRIGGER payment_sides BEFORE UPDATE OF posted ON payment
    WHEN NEW.posted = 1 AND NOT CASE NEW.kind
      WHEN 'payment' THEN NEW.total_cents > 0 AND NEW.voids_id IS NULL
      ELSE EXISTS (SELECT 1 FROM payment o WHERE o.id = NEW.voids_id AND o.kind = 'payment'
        AND o.posted = 1 AND o.total_cents = -NEW.total_cents
        AND o.patient_id = NEW.patient_id AND o.location_id = NEW.location_id
        AND o.business_day = NEW.business_day)
        AND NOT EXISTS (SELECT kind, sum(amount_cents) FROM tender
          WHERE payment_id IN (NEW.id, NEW.voids_id) GROUP BY kind HAVING sum(amount_cents) <> 0)
      END
    BEGIN SELECT RAISE(ABORT, 'payment_unbalanced'); END;

CREATE TRIGGER receipt_sequence BEFORE INSERT ON payment
    WHEN NEW.posted <> 0 OR NEW.sequence IS NOT (
      SELECT coalesce(max(sequence), 0) + 1 FROM payment
      WHERE location_id = NEW.location_id AND business_day = NEW.business_day)
    BEGIN SELECT RAISE(ABORT, 'receipt_sequence'); END;

CREATE TRIGGER tender_into_posted BEFORE INSERT ON tender
        WHEN (SELECT posted FROM payment WHERE id = NEW.payment_id) <> 0
        BEGIN SELECT RAISE(ABORT, 'a posted payment cannot change'); END;

CREATE TRIGGER allocation_into_posted BEFORE INSERT ON allocation
        WHEN (SELECT posted FROM payment WHERE id = NEW.payment_id) <> 0
        BEGIN SELECT RAISE(ABORT, 'a posted payment cannot change'); END;

CREATE TRIGGER payment_no_replace BEFORE INSERT ON payment
        WHEN EXISTS (SELECT 1 FROM payment WHERE id = NEW.id OR voids_id = NEW.voids_id OR receipt = NEW.receipt)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER tender_no_replace BEFORE INSERT ON tender
        WHEN EXISTS (SELECT 1 FROM tender WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER allocation_no_replace BEFORE INSERT ON allocation
        WHEN EXISTS (SELECT 1 FROM allocation WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER charge_no_replace BEFORE INSERT ON charge
        WHEN EXISTS (SELECT 1 FROM charge WHERE id = NEW.id OR reverses_id = NEW.reverses_id)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER not_collected_no_replace BEFORE INSERT ON not_collected
        WHEN EXISTS (SELECT 1 FROM not_collected WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER payment_no_delete BEFORE DELETE ON payment
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER tender_no_update BEFORE UPDATE ON tender
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER tender_no_delete BEFORE DELETE ON tender
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER allocation_no_update BEFORE UPDATE ON allocation
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER allocation_no_delete BEFORE DELETE ON allocation
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER charge_no_update BEFORE UPDATE ON charge
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER charge_no_delete BEFORE DELETE ON charge
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER not_collected_no_update BEFORE UPDATE ON not_collected
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER not_collected_no_delete BEFORE DELETE ON not_collected
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END;

CREATE TRIGGER message_event_no_update BEFORE UPDATE ON message_event
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;

CREATE TRIGGER message_event_no_delete BEFORE DELETE ON message_event
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END;
