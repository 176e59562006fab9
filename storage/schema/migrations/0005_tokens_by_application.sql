-- For the export of one application: without it, a rare one is looked for in the whole table. The id rises with time, so
-- rows are appended to one place of the index for each application.
CREATE INDEX IF NOT EXISTS application_id ON endpoint_token (application, id);
