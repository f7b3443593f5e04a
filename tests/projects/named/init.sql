CREATE TYPE public.mood AS ENUM ('well', 'ill');
CREATE TABLE audit.kinds (name text);
GRANT ALL ON audit.kinds TO PUBLIC;
INSERT INTO audit.kinds VALUES ('sale');
