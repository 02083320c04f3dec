CREATE INDEX "free_interval_from_15" ON "free_interval" ("starts_at", "ends_at", "provider_id") WHERE ends_at - starts_at >= 15;

CREATE INDEX "free_interval_from_30" ON "free_interval" ("starts_at", "ends_at", "provider_id") WHERE ends_at - starts_at >= 30;
