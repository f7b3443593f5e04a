CREATE TABLE items (name text, state mood, tags hstore);
CREATE TABLE audit.sales (at timestamptz);
