"""The columns that several entity types share, declared once. They carry no prefix and one meaning everywhere."""

from webex_provision.actions.declaration import Column, Kind, RefersTo

# Filled on a row about a user, these are refused: the directory owns who a person is.
IDENTITY_COLUMNS = (
    "display_name",
    "first_name",
    "last_name",
    "nick_name",
    "title",
    "department",
    "avatar",
    "roles",
    "manager",
    "manager_id",
)

# Common to every row, whatever its type.
COMMON_COLUMNS = (
    Column(name="entity_type", help="What the row is about.", required=True),
    Column(name="entity_key", help="The row's stable key; derived when blank."),
    Column(name="row_ref", help="Your own reference, unique in the file; becomes the row_id.", kind=Kind.KEY),
)

LOCATION_KEY = Column(
    name="location_key",
    help="The location: a key or name of a location row in this file, else its name in the tenant.",
    required=True,
    largest=256,
    refers_to=(RefersTo("location"),),
    feeds="locationId",
    example="HQ",
)

EMAIL = Column(
    name="email",
    help="The user's address, as the directory synchronised it.",
    kind=Kind.EMAIL,
    required=True,
    feeds="lookup key",
    example="ana.ruiz@example.com",
)

EXTENSION = Column(
    name="extension",
    help="Extension of the entity that the row is about, without the location's routing prefix.",
    kind=Kind.EXTENSION,
    feeds="extension",
    example="2101",
)

PHONE_NUMBER = Column(
    name="phone_number",
    help="Main number of the entity that the row is about, E.164, in the location's inventory.",
    kind=Kind.PHONE_NUMBER,
    feeds="phoneNumber",
    example="+34910002101",
)

PHONE_NUMBERS_SECONDARY = Column(
    name="phone_numbers_secondary",
    help="Alternate numbers, E.164, in the location's inventory.",
    kind=Kind.PHONE_NUMBER,
    many=True,
    most_items=10,
    feeds="phoneNumbers[].directNumber",
    example="+34910002901|+34910002902",
)

CALLING_ENABLED = Column(
    name="calling_enabled",
    help="Whether the entity is to have Webex Calling; blank means true.",
    kind=Kind.BOOLEAN,
    example="true",
)

TIME_ZONE = Column(
    name="time_zone", help="IANA time zone.", kind=Kind.TIME_ZONE, feeds="timeZone", example="Europe/Madrid"
)

LANGUAGE = Column(
    name="language",
    help="Language of spoken prompts, such as es_es.",
    kind=Kind.LANGUAGE,
    feeds="languageCode",
    example="es_es",
)

ADDRESS = (
    Column(
        name="address_line1",
        help="Street and number.",
        required=True,
        largest=256,
        feeds="address.address1",
        example="Calle Mayor 1",
    ),
    Column(name="address_line2", help="Floor, suite.", largest=256, feeds="address.address2", example="Planta 3"),
    Column(name="address_city", help="City.", required=True, largest=128, feeds="address.city", example="Madrid"),
    Column(
        name="address_state",
        help="State or region; required by Webex also where a country has none.",
        required=True,
        largest=128,
        feeds="address.state",
        example="Madrid",
    ),
    Column(
        name="address_postal_code",
        help="Postal code; leading zeros are kept.",
        required=True,
        largest=32,
        feeds="address.postalCode",
        example="08001",
    ),
    Column(
        name="address_country",
        help="ISO 3166 country code, two letters.",
        kind=Kind.COUNTRY,
        required=True,
        feeds="address.country",
        example="ES",
    ),
)

SHARED = (
    LOCATION_KEY,
    EMAIL,
    EXTENSION,
    PHONE_NUMBER,
    PHONE_NUMBERS_SECONDARY,
    CALLING_ENABLED,
    TIME_ZONE,
    LANGUAGE,
    *ADDRESS,
)
SHARED_COLUMNS = frozenset(column.name for column in SHARED)
