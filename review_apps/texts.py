"""The texts of the host's page and of the pages that a reviewer sees while an app wakes, in both languages."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "locale": "en-CA",
        "other": "fr",
        "other_name": "Français",
        "title": "Review apps",
        "skip": "Skip to the content",
        "none": "No app is open.",
        "app": "App",
        "state": "State",
        "running": "running",
        "asleep": "asleep",
        "down": "down",
        "unhealthy": "unhealthy",
        "incomplete": "incomplete",
        "damaged": "damaged",
        "memory": "Memory",
        "opened": "Opened",
        "ago": "ago",
        "by": "by",
        "version": "Version",
        "updated": "Updated",
        "actions": "Actions",
        "restart": "Restart",
        "wake": "Wake",
        "sleep": "Put to sleep",
        "close": "Close",
        "really_close": "Close and delete its data",
        "failure": "The last update failed",
        "failures": "Apps that could not be opened",
        "log": "End of the log",
        "waking_title": "{name} is waking up",
        "waking_text": "It had not been used for a while. This page reloads by itself, usually within three seconds.",
        "failed_title": "{name} cannot be started",
        "failed_text": "Someone with access to the host finds the reason with",
        "unanswered_title": "{name} does not answer",
        "unanswered_text": "Its processes may be restarting. This page reloads by itself.",
    },
    "fr": {
        "locale": "fr-CA",
        "other": "en",
        "other_name": "English",
        "title": "Applications de révision",
        "skip": "Passer au contenu",
        "none": "Aucune application n’est ouverte.",
        "app": "Application",
        "state": "État",
        "running": "en service",
        "asleep": "en veille",
        "down": "arrêtée",
        "unhealthy": "sans réponse",
        "incomplete": "incomplète",
        "damaged": "endommagée",
        "memory": "Mémoire",
        "opened": "Ouverture",
        "ago": "",
        "by": "par",
        "version": "Version",
        "updated": "Mise à jour",
        "actions": "Actions",
        "restart": "Redémarrer",
        "wake": "Réactiver",
        "sleep": "Mettre en veille",
        "close": "Fermer",
        "really_close": "Fermer et supprimer les données",
        "failure": "La dernière mise à jour a échoué",
        "failures": "Applications qui n’ont pas pu être ouvertes",
        "log": "Fin du journal",
        "waking_title": "{name} sort de veille",
        "waking_text": "Elle n’avait pas été utilisée depuis un moment. Cette page se recharge d’elle-même, "
        "habituellement en moins de trois secondes.",
        "failed_title": "{name} ne peut pas démarrer",
        "failed_text": "Une personne qui a accès à la machine trouvera la raison avec la commande",
        "unanswered_title": "{name} ne répond pas",
        "unanswered_text": "Ses processus redémarrent peut-être. Cette page se recharge d’elle-même.",
    },
}


def language_of(accepted: str) -> str:
    """Return `fr` when the header Accept-Language prefers French to English, else `en`."""
    for each in accepted.lower().split(","):
        language = each.strip()[:2]
        if language in TEXTS:
            return language
    return "en"
