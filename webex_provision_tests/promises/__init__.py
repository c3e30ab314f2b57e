"""The promises of a roll-out: that they hold under any faults, and that the checker sees a broken one."""
