CREATE TABLE items (name text, is mood, tags hstore);
CREATE TABLE audit.sales (at timestamptz);
