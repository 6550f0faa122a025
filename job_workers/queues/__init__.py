"""The workers' side of rq and Redis: takes tasks, writes results once, brings back what dead workers had."""
