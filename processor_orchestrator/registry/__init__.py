"""The registry of cloudlets and phones (WIRE section 0): who is alive, who gets which phone, which jobs, what matched.

POST / -> handlers -> service -> stores.registry (decided by domain.cloudlet)
match -> service -> matches (what was found, without I/O) -> sightings
cases, cloudlets that were heard -> bus -> job_pusher -> cloudlet_client -> cloudlets
"""
