"""Settings: what they are called, what they mean, where they come from.

An instance is a directory with ``paraph.toml``; each setting can be overridden by an environment
variable (``PARAPH_PORT``, ``PARAPH_PKCS11__MODULE``). An unknown key refuses to start. Secrets are
never settings: settings name the files they lie in. ``python -m csc_server.config`` prints the
table of the README.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from policies import (
    codes,
    delivery,
    pacing,
    phones,
    privacy,
    quorum,
    second_factor,
    sms_budget,
    spray,
    status,
    totp,
    tsa,
)
from policies.documents import MOST_BODY_BYTES
from policies.messages import Channel

PREFIX = "PARAPH_"
DELIMITER = "__"
FILE = "paraph.toml"


_TIME_SERVER = r"^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$"
_HOST_URL = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")


class ConfigurationRefused(Exception):
    """The configuration cannot be used; the text says which key and why."""


class Pkcs11Settings(BaseModel):
    """The HSM."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    module: Path = Field(
        Path("/usr/lib/softhsm/libsofthsm2.so"),
        description="Path of the PKCS#11 module (v2.40).",
    )
    softhsm_conf: Path | None = Field(
        None, description="softhsm.conf of this instance; only for SoftHSM."
    )
    service_token: str = Field(
        "paraph-service", description="Label of the token with the service's own keys."
    )
    service_pin_file: Path = Field(
        Path("secrets/service.pin"), description="File with the user PIN of the service token."
    )
    signers_token: str = Field(
        "paraph-signers", description="Label of the token with the signers' keys."
    )
    signers_pin_file: Path = Field(
        Path("secrets/signers.pin"), description="File with the user PIN of the signers' token."
    )
    key_store: Literal["token", "wrapped"] = Field(
        "token",
        description="`token`: keys stay in the HSM. `wrapped`: keys lie in the database, wrapped "
        "under an HSM key; for more than about 10,000 keys or several hosts.",
    )
    processes: int = Field(
        default_factory=lambda: 2 * (os.cpu_count() or 1),
        ge=1,
        le=64,
        description="Signer processes per web process. Default: two for each core, so that one "
        "signs while the other's answer is on its way.",
    )
    queue_limit: int = Field(
        256, ge=1, description="Calls that may wait for a signer process; more are refused (503)."
    )
    call_limit_s: float = Field(
        4.0, gt=0, le=5, description="Seconds after which a silent signer process is replaced."
    )
    cooling_off_h: float = Field(
        totp.COOLING_OFF / timedelta(hours=1),
        ge=0,
        description="Hours after which an authenticator that was paired on the web may sign. "
        "Until then it only logs in.",
    )


class ServiceSettings(BaseModel):
    """What `info` says about the service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("Paraph", max_length=255, description="Commercial name.")
    region: str = Field(
        "RO",
        pattern="^[A-Z]{2}$",
        description="Country where the provider is established, ISO 3166-1 alpha-2.",
    )
    description: str = Field(
        "Remote signing service", max_length=255, description="One line for people, in English."
    )
    description_ro: str = Field(
        "Serviciu de semnare la distanță", max_length=255, description="The same in Romanian."
    )
    description_fr: str = Field(
        "Service de signature à distance", max_length=255, description="The same in French."
    )
    csc_v2: Literal["2.0.0.2", "2.1.0.1"] = Field(
        "2.0.0.2",
        description="The v2 that `info` announces under `/csc/v2/` (`specs`); some clients "
        "take only one.",
    )
    logo: str | None = Field(
        None,
        description="URL of a JPEG or PNG logo, at most 256 x 256. Default: the one we serve.",
    )


class LimitSettings(BaseModel):
    """Bounds on what one request may cost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    body_bytes: int = Field(
        1024 * 1024, ge=1024, description="Largest request body in bytes; larger ones get 413."
    )
    document_body_bytes: int = Field(
        MOST_BODY_BYTES,
        ge=1024,
        le=MOST_BODY_BYTES,
        description="Largest body of `signatures/signDoc`; documents of 50 MiB each and 64 MiB "
        "together fit in.",
    )
    signatures_per_second: int = Field(
        20,
        ge=0,
        description="Calls of signHash, signDoc and timestamp per second and client before 429; "
        "0 for no limit.",
    )
    request_s: float = Field(
        15.0, gt=0, description="Seconds a request may take before it is answered with 503."
    )
    failed_logins_per_minute: int = Field(
        pacing.FAILED_LOGINS.most,
        ge=1,
        description="Failed logins per minute and address before 429.",
    )
    failed_accounts_per_hour: int = Field(
        spray.MOST_NAMES,
        ge=1,
        description="Accounts that an address may fail at, and not get into, within an hour; then "
        "it gets 429 for an hour, unless it got into as many.",
    )
    failed_logins_of_all_per_minute: int = Field(
        spray.OF_ALL_PER_MINUTE,
        ge=1,
        description="Failed logins of the whole service per minute, over ten minutes; while there "
        "are more, an address has 1 per minute.",
    )


class DocumentSettings(BaseModel):
    """Documents while they are worked on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    spool: Path = Field(
        Path("spool"),
        description="Directory for documents of requests under way, and for results of "
        "asynchronous signDoc until they are over; one file system, of this host alone. On a "
        "memory file system nothing of them reaches a disk.",
    )
    spool_bytes: int = Field(
        2 * 1024 * 1024 * 1024,
        ge=MOST_BODY_BYTES,
        description="Most bytes in the spool for each web process; more requests get 503.",
    )


class PeopleSettings(BaseModel):
    """Accounts of people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone_prefixes: tuple[Annotated[str, Field(pattern=r"^\+[1-9][0-9]{0,6}$")], ...] = Field(
        phones.DEFAULT_PREFIXES,
        min_length=1,
        description="Prefixes of phone numbers that SMS may go to.",
    )
    second_factor_from: date = Field(
        second_factor.MANDATORY_FROM,
        description="Day (UTC) from which a code at login cannot be put off any more.",
    )
    sms_gap_s: int = Field(
        codes.SMS_GAP_S, ge=0, description="Least seconds between two SMS to one number."
    )
    sms_per_day: int = Field(
        sms_budget.PER_DAY,
        ge=1,
        description="SMS of the whole service within 24 hours; then none goes out. A log event "
        "`sms_budget_low` comes at 80 %, `sms_budget_spent` with each one refused.",
    )
    registrations_per_hour: int = Field(
        pacing.REGISTRATIONS.most,
        ge=1,
        description="Requests to register per hour and address before 429.",
    )
    privacy_version: str = Field(
        privacy.VERSION,
        min_length=1,
        max_length=64,
        description="Version of the privacy notice; a new one is shown to everybody again.",
    )


class MailSettings(BaseModel):
    """How mails leave."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["outbox", "smtp"] = Field(
        "outbox",
        description="`outbox`: mails go to the page `/outbox` and to nobody; not in production. "
        "`smtp`: to a relay.",
    )
    sender: str = Field(
        "no-reply@paraph.example",
        pattern=r"^[!-?A-~]+@[A-Za-z0-9.-]+$",
        description="Address that mails come from; its domain names them (`Message-ID`).",
    )
    bounces: str | None = Field(
        None,
        pattern=r"^[!-?A-~]+@[A-Za-z0-9.-]+$",
        description="Mailbox that failures are reported to (envelope sender). Default: `sender`.",
    )
    host: str | None = Field(None, min_length=1, description="Host name of the relay.")
    port: int = Field(587, ge=1, le=65535, description="TCP port of the relay.")
    tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls",
        description="`starttls` (port 587) or `implicit` (port 465), with the relay's "
        "certificate checked; `none` only to a relay on this machine.",
    )
    ca_file: Path | None = Field(
        None,
        description="PEM of the authorities for the relay's certificate. Default: the system's.",
    )
    username: str | None = Field(None, description="Login at the relay. Default: none.")
    password_file: Path | None = Field(None, description="File with the password of `username`.")
    local_hostname: str | None = Field(
        None, description="Our name in EHLO. Default: the host of the public URL."
    )
    limit_s: float = Field(
        delivery.SEND_LIMIT[Channel.MAIL].total_seconds(),
        gt=0,
        le=delivery.SEND_LIMIT[Channel.MAIL].total_seconds(),
        description="Seconds that one attempt may take.",
    )

    @model_validator(mode="after")
    def _complete(self) -> MailSettings:
        if self.kind == "smtp" and self.host is None:
            raise ValueError("kind smtp needs host")
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together")
        return self


class SmsSettings(BaseModel):
    """How SMS leave."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["outbox", "http"] = Field(
        "outbox",
        description="`outbox`: SMS go to the page `/outbox` and to nobody; not in production. "
        "`http`: to a gateway.",
    )
    url: str | None = Field(
        None, pattern="^https?://[^/]", description="URL of the gateway, which is sent a POST."
    )
    encoding: Literal["application/x-www-form-urlencoded", "application/json"] = Field(
        "application/x-www-form-urlencoded",
        description="Type of the body; values are escaped accordingly.",
    )
    headers: dict[str, str] = Field(
        default_factory=dict,
        description='Further headers, such as `Authorization = "Bearer {secret}"`.',
    )
    body: str = Field(
        "",
        description="Template of the body with `{to}` (`+407…`), `{to_digits}` (`407…`), `{text}`, "
        "`{message_id}` (the same on every attempt) and `{secret}`.",
    )
    success: str = Field(
        "",
        description="Regular expression found in a 2xx answer exactly when the SMS was taken.",
    )
    throttled: str | None = Field(
        None,
        description="Regular expression of a 2xx answer that means: not taken, try later.",
    )
    reference: str | None = Field(
        None, description="Regular expression whose group is the gateway's id of the SMS."
    )
    secret_file: Path | None = Field(None, description="File with what `{secret}` stands for.")
    limit_s: float = Field(10.0, gt=0, le=20, description="Seconds that one attempt may take.")

    @field_validator("success", "throttled", "reference")
    @classmethod
    def _expression(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as reason:
            raise ValueError(f"no regular expression: {reason}") from reason
        return value

    @model_validator(mode="after")
    def _complete(self) -> SmsSettings:
        if self.kind == "http" and not (self.url and self.body and self.success):
            raise ValueError("kind http needs url, body and success")
        return self


class TimestampSettings(BaseModel):
    """The time-stamping authority (RFC 3161 over HTTP)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = Field(
        None,
        pattern="^https?://[^/]",
        description="Where time-stamps are fetched. Default: from the status process of this host.",
    )
    own: bool = Field(
        True,
        description="Without `url`: `false` where no status process runs on this host; then "
        "neither `signatures/timestamp` nor a level above B-B is offered.",
    )
    anchors_file: Path | None = Field(
        None,
        description="PEM file with the authorities that time-stamps of `url` have to come from. "
        "Default: whoever answers there is believed. Ours have to come from our own root.",
    )
    policy: str | None = Field(
        None,
        pattern=r"^[0-2](\.[0-9]+)+$",
        description="OID of the policy to ask for. Default: the authority's own choice.",
    )
    timeout_s: float = Field(
        5.0, gt=0, le=10, description="Seconds from question to answer; then 503."
    )


class EjbcaSettings(BaseModel):
    """An EJBCA that certifies people's keys in place of the embedded authority."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = Field(
        None,
        pattern="^https://.*[^/]$",
        description="URL of EJBCA's REST API, such as "
        "`https://ca.example.ro:8443/ejbca/ejbca-rest-api`. Default: the embedded authority "
        "certifies people.",
    )
    certificate_file: Path = Field(
        Path("secrets/ejbca.pem"), description="PEM of our client certificate, with its chain."
    )
    key_file: Path = Field(Path("secrets/ejbca.key"), description="PEM of its key.")
    server_ca_file: Path | None = Field(
        None, description="PEM of who vouches for the server. Default: the system's authorities."
    )
    chain_file: Path = Field(
        Path("ca/ejbca.pem"),
        description="PEM of the issuing authority's certificate, then those above it up to the "
        "root: certificates by anybody else are refused.",
    )
    ca_name: str = Field("", description="Name of the issuing authority there.")
    certificate_profiles: dict[str, str] = Field(
        default_factory=dict,
        description='Our profiles to those there, such as `{ signature = "SignerNatural" }`.',
    )
    end_entity_profile: str = Field("", description="Name of the end entity profile there.")
    timeout_s: float = Field(20.0, gt=0, le=60, description="Seconds from question to answer.")


class PkiSettings(BaseModel):
    """The embedded authority and what it answers to everybody: certificates, status, time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="Address that the public listener is on.")
    port: int = Field(8081, ge=0, le=65535, description="TCP port of the public listener.")
    public_url: str | None = Field(
        None,
        pattern="^http://[^/]+[^/]$",
        description="URL of the public listener as certificates name it: plain http, and for as "
        "long as they live. Default: from host and port, for development.",
    )
    organization: str | None = Field(
        None, max_length=64, description="Legal name in the authorities' subjects. Default: `name`."
    )
    organization_identifier: str | None = Field(
        None,
        pattern="^[A-Z]{3}[A-Z]{2}-[ -~]+$",
        description="Registered number of the legal person, such as `VATRO-12345678`.",
    )
    policy: str | None = Field(
        None,
        pattern=r"^[0-2](\.[0-9]+)+$",
        description="OID of your certificate policy. Default: the general one alone (NCP).",
    )
    practice_url: str | None = Field(
        None, pattern="^https?://", description="Where your practice statement is read."
    )
    disclosure_urls: dict[str, str] = Field(
        default_factory=dict,
        description="Language to https URL of the disclosure statement; qualified certificates "
        "need one in English.",
    )
    profiles: tuple[Literal["signature", "authentication", "qualified", "qualified-qscd"], ...] = (
        Field(
            ("signature", "authentication"),
            min_length=1,
            description="Kinds of certificates that the registration API may order. The qualified "
            "ones are for qualified providers with a certified device.",
        )
    )
    timestamp_policy: str | None = Field(
        None,
        pattern=r"^[0-2](\.[0-9]+)+$",
        description="OID of your time-stamp policy. Default: best practice (0.4.0.2023.1.1).",
    )
    processes: int = Field(
        1, ge=1, le=64, description="Signer processes of the status process (OCSP, time-stamps)."
    )
    live_per_second: int = Field(
        status.LIVE_PER_SECOND,
        ge=0,
        description="OCSP answers per second and address that are signed on the spot (with a "
        "nonce); beyond, those made in advance are given. Four times as many may come at once; "
        "0 for no limit.",
    )
    stamps_per_second: int = Field(
        tsa.STAMPS_PER_SECOND,
        ge=0,
        description="Time-stamps per second and address before 429; 0 for no limit.",
    )
    time_servers: tuple[Annotated[str, Field(pattern=_TIME_SERVER)], ...] = Field(
        (),
        description="NTP servers, at least four, such as "
        '`["ntp1.example.ro", "10.0.0.7:123"]`: time-stamps are given while three of four agree '
        "with our clock. Default: none; the clock is believed, and keeping it right is yours.",
    )
    root_token: str = Field("paraph-root", description="Label of the token with the root's key.")
    root_pin_file: Path = Field(
        Path("root/pin"), description="File with the PIN of the root's token."
    )
    root_softhsm_conf: Path | None = Field(
        Path("root/softhsm.conf"),
        description="SoftHSM's configuration for the root's token; it can be taken away after "
        "the ceremony, with its directory.",
    )

    @field_validator("time_servers")
    @classmethod
    def _one_may_fail(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value and len(set(value)) < quorum.ASKED:
            raise ValueError(f"name {quorum.ASKED} different servers or more, or none")
        return value

    @property
    def base_url(self) -> str:
        """URL without a trailing slash."""
        if self.public_url:
            return self.public_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


class OAuthSettings(BaseModel):
    """The authorization server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clients_file: Path | None = Field(
        None,
        description="TOML file with clients (`[[client]]`), read at start; the same on every "
        "host. Others are registered with `csc-server oauth-client`.",
    )


class Settings(BaseSettings):
    """All settings of an instance."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
    )

    instance: Path = Field(
        Path("var"), description="Directory of the instance; relative paths start here."
    )
    environment: Literal["development", "production"] = Field(
        "development",
        description="`production` refuses demo accounts and warns about SoftHSM.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="TCP port to listen on.")
    public_url: str | None = Field(
        None,
        validate_default=True,
        description="URL under which clients reach the service: scheme, host, port; in production "
        "https. Default: from host and port.",
    )
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description='Networks of reverse proxies, such as `["10.0.0.5/32"]`: their '
        "`X-Forwarded-For` says who calls. Default: nobody's does.",
    )
    workers: int = Field(1, ge=1, le=64, description="Web processes, sharing the port.")
    database_url: str | None = Field(
        None,
        description="`postgresql://user@host/name`, or `sqlite:///path`. "
        "Default: SQLite in the instance.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log events to write."
    )
    allow_rsa_2048: bool = Field(
        False, description="Let new credentials have RSA-2048 keys (TS 119 312: not after 2028)."
    )
    pkcs11: Pkcs11Settings = Field(default_factory=Pkcs11Settings)
    service: ServiceSettings = Field(default_factory=ServiceSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    documents: DocumentSettings = Field(default_factory=DocumentSettings)
    people: PeopleSettings = Field(default_factory=PeopleSettings)
    timestamp: TimestampSettings = Field(default_factory=TimestampSettings)
    pki: PkiSettings = Field(default_factory=PkiSettings, validate_default=True)
    ejbca: EjbcaSettings = Field(default_factory=EjbcaSettings)
    oauth: OAuthSettings = Field(default_factory=OAuthSettings)
    mail: MailSettings = Field(default_factory=MailSettings, validate_default=True)
    sms: SmsSettings = Field(default_factory=SmsSettings, validate_default=True)

    @field_validator("public_url")
    @classmethod
    def _names_a_host(cls, value: str | None, info: ValidationInfo) -> str | None:
        """It is our issuer too: no query and no fragment (RFC 8414 2), and no path, for our
        paths are ours alone (RFC 8414 3.1 puts the metadata before one)."""
        if value is not None and not _HOST_URL.fullmatch(value):
            raise ValueError("http(s)://host, perhaps with a port, and nothing behind it")
        secure = (value or "").startswith("https:")
        if info.data.get("environment") == "production" and not secure:
            raise ValueError("clients reach a service in production by https")
        return value

    @field_validator("mail", "sms")
    @classmethod
    def _reaches_people(cls, value: Any, info: ValidationInfo) -> Any:
        if value.kind == "outbox" and info.data.get("environment") == "production":
            raise ValueError("the outbox sends nothing to anybody; production needs another kind")
        return value

    @field_validator("pki")
    @classmethod
    def _found_by_everybody(cls, value: PkiSettings, info: ValidationInfo) -> PkiSettings:
        if value.public_url is None and info.data.get("environment") == "production":
            raise ValueError("certificates name public_url for years; production needs one")
        return value

    @property
    def base_url(self) -> str:
        """Public URL without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def database(self) -> str:
        """The database's URL with its default filled in."""
        return self.database_url or f"sqlite:///{self.path(Path('paraph.sqlite'))}"

    def path(self, relative: Path) -> Path:
        """An absolute path, relative ones seen from the instance."""
        return (self.instance / relative).absolute()


def load(instance: Path, **overrides: Any) -> Settings:
    """The settings of an instance.

    Raises:
        ConfigurationRefused: An unknown key or a value out of range.
    """
    _refuse_unknown_variables()

    class FromInstance(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            toml = TomlConfigSettingsSource(settings_cls, instance / FILE)
            return init_settings, env_settings, toml

    try:
        return FromInstance(instance=instance, **overrides)
    except ValidationError as refusal:
        first = refusal.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigurationRefused(f"{key}: {first['msg']}") from refusal
    except ValueError as refusal:
        raise ConfigurationRefused(f"{instance / FILE}: {refusal}") from refusal


def _refuse_unknown_variables() -> None:
    known = {variable for variable, _, _ in _fields(Settings, PREFIX)}
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise ConfigurationRefused(f"environment variable {name}: no such setting")


def _fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, FieldInfo]]:
    """(environment variable, dotted key, field) of every setting, groups opened."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from (
                (variable, f"{name}.{key}", inner)
                for variable, key, inner in _fields(
                    field.annotation, f"{prefix}{name.upper()}{DELIMITER}"
                )
            )
        else:
            yield f"{prefix}{name.upper()}", name, field


def table() -> str:
    """The settings as the Markdown table of the README."""
    lines = ["| key in `paraph.toml` | environment | default | meaning |", "|---|---|---|---|"]
    for variable, key, field in _fields(Settings, PREFIX):
        default = "" if field.default_factory or field.default is None else f"`{field.default}`"
        lines.append(f"| `{key}` | `{variable}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201 - the table is this entry's output
