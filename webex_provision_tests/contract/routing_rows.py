"""Trunks, route groups, internal dialling and dial plans, everything filled: a part of the rows that are played."""

PASSWORD_VARIABLE = "TRUNK_PASSWORD_OF_THE_REHEARSAL"
Rows = list[dict[str, str]]


def routing() -> Rows:
    """Created."""
    return [
        _border("SBC-1", trunk_max_concurrent_calls="250"),
        _trunk("SBC-2"),
        _group("SBC-1=1|SBC-2=2"),
        _dialing(internal_dialing_enabled="true"),
        _plan("+3493000!|45XX"),
    ]


def changed_routing() -> Rows:
    """Updated in another roll-out."""
    return [
        _border("SBC-1", trunk_max_concurrent_calls="300"),
        _group("SBC-2"),
        {"entity_type": "internal_dialing", "location_key": "HQ", "internal_dialing_enabled": "false"},
        _plan("45XX|46XX", dial_plan_target_type="TRUNK", dial_plan_target_key="SBC-2"),
    ]


def _trunk(name: str, **cells: str) -> dict[str, str]:
    filled = {"trunk_type": "REGISTERING", "trunk_password_env": PASSWORD_VARIABLE}
    return {"entity_type": "trunk", "location_key": "HQ", "trunk_name": name, **filled, **cells}


def _border(name: str, **cells: str) -> dict[str, str]:
    peer = {
        "trunk_type": "CERTIFICATE_BASED",
        "trunk_device_type": "Cisco Unified Border Element",
        "trunk_address": "sbc01",
        "trunk_domain": "example.com",
        "trunk_port": "5061",
        "trunk_dual_identity_enabled": "true",
        "trunk_p_charge_info_policy": "ASSERTED_IDENTITY",
        "trunk_peer_identity": "sbc01.example.com",
    }
    return _trunk(name, **(peer | cells))


def _group(trunks: str) -> dict[str, str]:
    return {"entity_type": "route_group", "route_group_name": "RG", "route_group_trunks": trunks}


def _dialing(**cells: str) -> dict[str, str]:
    target = {"internal_dialing_target_type": "ROUTE_GROUP", "internal_dialing_target_key": "RG"}
    return {"entity_type": "internal_dialing", "location_key": "HQ", **target, **cells}


def _plan(patterns: str, **cells: str) -> dict[str, str]:
    target = {"dial_plan_target_type": "ROUTE_GROUP", "dial_plan_target_key": "RG"}
    return {"entity_type": "dial_plan", "dial_plan_name": "DP", "dial_plan_patterns": patterns, **target, **cells}
