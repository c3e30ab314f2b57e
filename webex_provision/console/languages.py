"""Everything that a report and the end of a run say in the reader's language; one line a text, all languages in it.

Words of the program (states, reasons, columns, commands) and Webex's messages stay as they are: they are searched for.
"""

from dataclasses import dataclass
from enum import StrEnum

from webex_provision.vocabulary import Reason


class Language(StrEnum):
    """The languages that there are."""

    EN = "en"
    ES = "es"


# key: (English, Spanish)
TEXTS: dict[str, tuple[str, str]] = {
    # The end of a run, and `status`
    "worked_on_by": ("being worked on by {holder}", "en curso: {holder}"),
    "success": ("success", "correctas"),
    "pending": ("pending", "pendientes"),
    "not_reached": ("not reached", "sin alcanzar"),
    "rejected": ("rejected", "rechazadas"),
    "all": ("all", "total"),
    "all_rows": ("all rows", "todas las filas"),
    "rows": ("rows", "filas"),
    "what_to_do": ("what to do", "qué hacer"),
    "pending_title": ("Pending", "Pendientes"),
    "no_type": ("(no type)", "(sin tipo)"),
    "rows_more": ("… and {count} more in {file}", "… y {count} más en {file}"),
    "rejected_title": ("Rejected at intake, never sent", "Rechazadas al leer el CSV, nunca enviadas"),
    "next": ("Next", "Siguiente"),
    "files_in": ("Files in {folder}/", "Ficheros en {folder}/"),
    "file_results": ("one line a row and attempt", "una línea por fila e intento"),
    "file_errors": ("rejected and pending rows with their remedy", "filas rechazadas y pendientes, con su remedio"),
    "file_summary": ("this run in figures", "esta ejecución en cifras"),
    "file_log": ("what happened, one JSON object a line", "lo que ocurrió, un objeto JSON por línea"),
    "next_token": ("with a fresh token in WEBEX_TOKEN", "con un token nuevo en WEBEX_TOKEN"),
    "next_rows_wait": ("{count} rows wait", "{count} filas esperan"),
    "next_unfinished": ("finishes what was begun", "termina lo empezado"),
    "next_rows": ("{count} rows", "{count} filas"),
    "next_all_pending": ("all {count} rows that a retry may mend", "las {count} filas que un reintento puede arreglar"),
    "next_for_real": ("for real, after this rehearsal", "de verdad, tras este ensayo"),
    "next_mended": ("with the mended CSV", "con el CSV corregido"),
    "part_only": (
        "{count} rows have not been reached: the run was not about them.",
        "{count} filas no se han alcanzado: la ejecución no era para ellas.",
    ),
    "nothing_to_run": (
        "Nothing to do: every row that was asked for has its state already. To do them again: {command}",
        "Nada que hacer: todas las filas pedidas ya tienen su estado. Para hacerlas otra vez: {command}",
    ),
    "nothing_to_retry": (
        "Nothing to do: no row that was asked for is pending.",
        "Nada que hacer: ninguna de las filas pedidas está pendiente.",
    ),
    "nothing_to_replay": (
        "Nothing to do: the roll-out has no row of what was asked for.",
        "Nada que hacer: el despliegue no tiene ninguna fila de lo pedido.",
    ),
    "nothing_to_send": (
        "Nothing was sent: every row was rejected.",
        "No se envió nada: todas las filas fueron rechazadas.",
    ),
    "never_reached": (
        "The retry is done, but {count} rows were never reached by any run: a retry takes pending rows only.",
        "El reintento ha terminado, pero ninguna ejecución alcanzó {count} filas: solo toma filas pendientes.",
    ),
    # The report
    "report_title": ("Webex Calling roll-out {name}", "Despliegue de Webex Calling {name}"),
    "made_at": ("As of {time} UTC", "Situación a {time} UTC"),
    "lead": (
        "{success} of {read} rows are in the tenant as the CSV says.",
        "{success} de {read} filas están en el tenant como indica el CSV.",
    ),
    "read": ("read", "leídas"),
    "facts_title": ("What, where, who", "Qué, dónde, quién"),
    "input": ("CSV", "CSV"),
    "input_hash": ("SHA-256 of the CSV", "SHA-256 del CSV"),
    "roll_out": ("Roll-out", "Despliegue"),
    "tenant": ("Tenant", "Tenant"),
    "organisation": ("Organisation", "Organización"),
    "token_owner": ("Token of", "Token de"),
    "unknown": ("not known yet", "aún no se sabe"),
    "last_change": ("Last change", "Último cambio"),
    "message": ("Message", "Mensaje"),
    "runs_title": ("Runs", "Ejecuciones"),
    "runs_none": ("No run has reached the tenant yet.", "Ninguna ejecución ha llegado aún al tenant."),
    "began": ("began", "inicio"),
    "ended": ("ended", "fin"),
    "state": ("state", "estado"),
    "mode": ("what", "qué"),
    "who": ("who", "quién"),
    "run_id": ("run id", "id de ejecución"),
    "done": ("rows done", "filas hechas"),
    "phases_title": ("By phase", "Por fase"),
    "phase_1": ("1, locations and routing", "1, sedes y enrutamiento"),
    "phase_2": ("2, users and workspaces", "2, usuarios y espacios"),
    "phase_3": ("3, services and devices", "3, servicios y dispositivos"),
    "phase": ("phase", "fase"),
    "types_title": ("By type", "Por tipo"),
    "type": ("type", "tipo"),
    "locations_title": ("By location", "Por sede"),
    "location": ("location", "sede"),
    "no_location": ("(none)", "(ninguna)"),
    "others": ("{count} others", "otros {count}"),
    "timeline_title": ("Rows a minute", "Filas por minuto"),
    "timeline_none": ("No row has been done yet.", "Aún no se ha hecho ninguna fila."),
    "timeline_of": (
        "Run of {began} UTC: {rows} rows in {time}, {mean} a minute, {peak} at best",
        "Ejecución de {began} UTC: {rows} filas en {time}, {mean} por minuto, {peak} como máximo",
    ),
    "timeline_scale": ("One bar is {seconds} s.", "Cada barra son {seconds} s."),
    "timeline_earlier": ("Earlier runs not drawn: {count}.", "Ejecuciones anteriores no dibujadas: {count}."),
    "waiting_title": ("Rows that need attention", "Filas que requieren atención"),
    "waiting_none": ("No row is pending or rejected.", "Ninguna fila está pendiente ni rechazada."),
    "filter_text": ("Find text", "Buscar texto"),
    "filter_type": ("Type", "Tipo"),
    "filter_reason": ("Reason", "Motivo"),
    "filter_any": ("any", "todos"),
    "filter_shown": ("rows shown:", "filas mostradas:"),
    "group_pending": ("pending: {reason}", "pendientes: {reason}"),
    "group_rejected": ("rejected: {reason}", "rechazadas: {reason}"),
    "row": ("row", "fila"),
    "key": ("key", "clave"),
    "told": ("message", "mensaje"),
    "step": ("step", "paso"),
    "attempt": ("attempt", "intento"),
    "made_by": (
        "Made by webex-provision {version} from the roll-out's own records. It loads nothing from elsewhere.",
        "Hecho por webex-provision {version} con los registros del propio despliegue. No carga nada de fuera.",
    ),
    "with_care": (
        "It may hold names and numbers of people: pass it on with care.",
        "Puede contener nombres y números de personas: compártalo con cuidado.",
    ),
    # `plan`
    "calls": ("calls", "llamadas"),
    "action_create": ("create", "crear"),
    "action_update": ("update", "cambiar"),
    "action_skip": ("skip", "omitir"),
    "action_apply": ("apply", "aplicar"),
    "action_out_of_scope": ("out of scope", "sin API"),
    "plan_stopped": ("The run would end early, {state}: {message}", "La ejecución acabaría antes, {state}: {message}"),
    "plan_lists": ("lists and checks", "listas y controles"),
    "plan_time": (
        "{time} at {rate:g} calls a minute",
        "{time} a {rate:g} llamadas por minuto",
    ),
    "plan_offline": (
        "At most about {calls} calls, {time}; no tenant was asked.",
        "Como mucho unas {calls} llamadas, {time}; no se preguntó a ningún tenant.",
    ),
    "plan_online": (
        "{calls} calls, about {time}. This plan made {lookups} look-ups and changed nothing.",
        "{calls} llamadas, unos {time}. Este plan hizo {lookups} consultas y no cambió nada.",
    ),
    "plan_file": ("Every row: {path}", "Cada fila: {path}"),
    "plan_next": ("Do it: {command}", "Para hacerlo: {command}"),
    "plan_rejected": (
        "Rejected rows: {count}. Mend the CSV and plan it again.",
        "Filas rechazadas: {count}. Corrija el CSV y vuelva a planificar.",
    ),
    "plan_without": ("Or leave them out: {command}", "O déjelas fuera: {command}"),
    "plan_rest": (
        "A run has begun with it. This goes on with the {count} rows that it has not reached: {command}",
        "Una ejecución ya empezó con él. Esto continúa con las {count} filas que no alcanzó: {command}",
    ),
    "plan_done": (
        "A run has been over every row already, so another would do nothing. All rows again: {command}",
        "Una ejecución ya pasó por todas las filas: otra no haría nada. Todas otra vez: {command}",
    ),
    # `rehearse`
    "rehearsal": (
        "Rehearsal: {csv} against a simulated tenant on this machine. No tenant of yours is touched.",
        "Ensayo: {csv} contra un tenant simulado en esta máquina. No se toca ningún tenant suyo.",
    ),
    "rehearsal_sets": (
        "Set for this rehearsal only; a real run needs them from you: {variables}",
        "Puestas solo para este ensayo; una ejecución real las necesita de usted: {variables}",
    ),
    "in_rehearsal": ("in rehearsal: {csv}", "en ensayo: {csv}"),
    "before_rows": ("before the first row", "antes de las filas"),
    "after_rows": ("after the last row", "tras la última fila"),
    "would_be_pending": ("Would be pending", "Quedarían pendientes"),
    "left_out": (
        "{share:g}% of the users were left out on purpose (--missing-users).",
        "El {share:g}% de los usuarios se omitió a propósito (--missing-users).",
    ),
    "rehearsal_files": (
        "Each row: {folder}/results.csv, row_errors.csv; the next rehearsal of this file replaces them",
        "Cada fila: {folder}/results.csv, row_errors.csv; el próximo ensayo de este fichero los reemplaza",
    ),
    "set_before": ("Before the real run, type: {command}", "Antes de la ejecución real, teclee: {command}"),
    "for_real": ("For real: {command}", "De verdad: {command}"),
    "for_real_without": (
        "Rejected rows: {count}. Mend the CSV and rehearse it again; or go on without them, for real: {command}",
        "Filas rechazadas: {count}. Corrija el CSV y ensáyelo otra vez; o continúe sin ellas, de verdad: {command}",
    ),
    "at_limit": ("at {rate:g}/min", "a {rate:g}/min"),
    "calls_by_family": ("Calls by endpoint family: {told}", "Llamadas por familia de API: {told}"),
    "real_time": (
        "A real run takes at least {time} where a family may have {rate:g} calls a minute (--calls-per-minute).",
        "Una ejecución real tarda al menos {time} con {rate:g} llamadas por minuto y familia (--calls-per-minute).",
    ),
    # `show`
    "rows_listed": (
        "{count} rows, of which {more} are not listed. One: show with its row_id.",
        "{count} filas, de las que {more} no se muestran. Una sola: show con su row_id.",
    ),
    "rows_all_listed": ("{count} rows. One: show with its row_id.", "{count} filas. Una sola: show con su row_id."),
    "row_of": ("row {row} of the CSV", "fila {row} del CSV"),
    "phase_of": ("phase {phase}, row {row} of the CSV", "fase {phase}, fila {row} del CSV"),
    "cells": ("Cells", "Celdas"),
    "attempts": ("Attempts", "Intentos"),
    "never_sent": ("rejected at intake, never sent", "rechazada al leer el CSV, nunca enviada"),
    "no_attempt": ("none yet", "ninguno todavía"),
    "unanswered": (
        "{step} was about to be sent; no outcome is recorded. The next attempt looks it up first.",
        "{step} estaba a punto de enviarse; no consta el resultado. El próximo intento lo consulta antes.",
    ),
    "attempt_by": (
        "{attempt}, {time}, run {run} by {who}, {batch}",
        "{attempt}, {time}, ejecución {run} por {who}, {batch}",
    ),
    "attempt_of": ("{attempt}, {time}, run {run}, {batch}", "{attempt}, {time}, ejecución {run}, {batch}"),
    "at_step": ("{status} at {step}", "{status} en {step}"),
    "tracking_id": ("tracking id", "id de seguimiento"),
    "remote_id": ("remote id", "id remoto"),
    # `history`
    "history_hint": (
        "A run id is also Dagster's: webex-provision ui. Where rows stand: webex-provision status --output-dir FOLDER",
        "El id de ejecución es también el de Dagster: webex-provision ui. Las filas: webex-provision status",
    ),
    "history_place": ("{input} (sha256 {hash}…), in {folder}", "{input} (sha256 {hash}…), en {folder}"),
    "history_counts": (
        "{done} rows done in {time}; then {success} success, {pending} pending{left}",
        "{done} filas hechas en {time}; después {success} correctas, {pending} pendientes{left}",
    ),
    "history_left": (", {count} not reached", ", {count} sin alcanzar"),
    "history_run": ("by {who}, run {run}", "por {who}, ejecución {run}"),
    "history_damaged": (
        "lines of runs.jsonl that cannot be read: {count} (webex-provision repair sets them aside)",
        "líneas de runs.jsonl que no se pueden leer: {count} (webex-provision repair las aparta)",
    ),
    # `verify`
    "not_verified": ("not verified: {message}", "sin verificar: {message}"),
    "fact": ("fact", "dato"),
    "expected": ("ledger or CSV", "registro o CSV"),
    "verified": (
        "{rows} success rows read back by {calls} calls; {count} differ from the tenant.",
        "{rows} filas correctas releídas con {calls} llamadas; {count} difieren del tenant.",
    ),
    "bring_back": (
        "Bring the tenant back to what the CSV says: {command}",
        "Para devolver el tenant a lo que dice el CSV: {command}",
    ),
    "told_COMPLETED": ("Complete", "Completo"),
    "told_COMPLETED_WITH_PENDING": ("Complete, with rows pending", "Completo, con filas pendientes"),
    "told_ABORTED_BY_BREAKER": ("Stopped: too many rows failed alike", "Parado: demasiadas filas fallaron igual"),
    "told_STOPPED_AUTH": ("Stopped: the token is no longer accepted", "Parado: el token ya no se acepta"),
    "told_STOPPED_RATE_LIMITED": ("Stopped by Webex's rate limit", "Parado por el límite de peticiones de Webex"),
    "told_STOPPED_LIMIT": ("Stopped at a limit of its settings", "Parado en un límite de la configuración"),
    "told_STOPPED_LOCKS_LOST": ("Stopped: its locks were lost", "Parado: perdió sus bloqueos"),
    "told_FAILED_SYSTEMIC": ("Stopped: Webex fails systematically", "Parado: Webex falla de forma sistemática"),
    "told_FAILED_PREFLIGHT": ("Not begun: a first check failed", "Sin empezar: falló una comprobación inicial"),
    "told_INTERRUPTED": ("Interrupted", "Interrumpido"),
    "told_RUNNING": ("Running", "En curso"),
    "told_NOT_STARTED": ("Not started", "Sin empezar"),
}

REMEDIES_ES: dict[Reason, str] = {
    Reason.INVALID_INPUT_SCHEMA: "Corrija la celda que nombra el mensaje y ejecute el CSV corregido.",
    Reason.DUPLICATE_KEY: "Deje una de las filas que nombra el mensaje, o dé a cada una su propia clave o número.",
    Reason.OUT_OF_SCOPE: "Ninguna API admitida lo hace: hágalo en Control Hub, o vacíe la celda y ejecute de nuevo.",
    Reason.NON_RETRYABLE_EXTERNAL: "Webex lo rechazó: lea su mensaje, corrija el CSV o el tenant y reintente.",
    Reason.PERMISSION_DENIED: "Dé al administrador del token el rol o permiso que falta y reintente.",
    Reason.AUTH_INVALID: "Ponga un token nuevo en WEBEX_TOKEN y continúe con resume.",
    Reason.RETRY_EXHAUSTED: "Webex no respondió a tiempo: espere a que el servicio se recupere y reintente.",
    Reason.INVALID_RESPONSE_SCHEMA: "La respuesta no prueba nada: compruebe el objeto en Control Hub y reintente.",
    Reason.HALF_APPLIED: "Parte de la fila está en el tenant: corrija la causa que da el mensaje y reintente.",
    Reason.UNHANDLED_EXCEPTION: "Fallo de este programa: guarde el log, comuníquelo y reintente la fila.",
    Reason.USER_NOT_FOUND: "Espere a que el directorio sincronice al usuario (o corrija el correo) y reintente.",
    Reason.PRECONDITION_MISSING: "Aporte lo que nombra el mensaje (sede, licencia, variable, fichero) y reintente.",
    Reason.WORKSPACE_NOT_FOUND: "Cree el espacio (una fila workspace) o corrija su nombre y reintente.",
    Reason.RESOURCE_DEPENDENCY_MISSING: "Cree el objeto al que se refiere la fila (o corrija el nombre) y reintente.",
    Reason.NUMBER_INVENTORY_MISSING: "Añada el número al inventario de la sede (o libérelo) y reintente.",
    Reason.LICENSE_OR_FEATURE_MISSING: "Compre o libere la licencia, o active la función, y reintente.",
    Reason.INVALID_DIAL_PLAN_COLLISION: "Quite el patrón del otro plan de marcación o de esta fila y reintente.",
}


@dataclass(frozen=True)
class Words:
    """The texts of one language."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, its places filled. Raises KeyError for a key or a place that there is not."""
        english, spanish = TEXTS[key]
        return (spanish if self.language is Language.ES else english).format(**values)

    def remedy(self, reason: str) -> str:
        """What to do about a reason; empty for a word that is none."""
        known = {code.value: code for code in Reason}.get(reason)
        if known is None:
            return ""
        return REMEDIES_ES[known] if self.language is Language.ES else known.remedy


ENGLISH = Words(Language.EN)
