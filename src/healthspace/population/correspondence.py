"""Letters and certificates, as PDF: from the specialist, the treating doctor, the citizen's own hand."""

from datetime import date, timedelta

from healthspace.cda.write.codes import DOCUMENT_TYPE, LOINC, Code
from healthspace.population.desk import Desk, age_on, at
from healthspace.population.examinations import KINDS
from healthspace.population.letters import Letter

CONSULTATION = Code("11488-4", LOINC, "CR ou fiche de consultation ou de visite")
IMAGING_REQUEST = Code("55115-0", LOINC, "Demande d’examen d’imagerie")
CERTIFICATE = Code("CERT_DECL", DOCUMENT_TYPE, "Certificat, déclaration")
WISHES = Code("EXPPAT_2", DOCUMENT_TYPE, "Volontés et droits du patient")
SINCERELY = "Bien confraternellement,"


def specialist_letter(desk: Desk, day: date) -> None:
    """The heart specialist writes to the treating doctor, in a level-1 document."""
    staff, life = desk.staff, desk.life
    treating = staff.treating_doctor
    pressure = desk.random.randint(128, 148)
    known = "votre patient, suivi" if life.traits.sex == "male" else "votre patiente, suivie"
    letter = Letter(
        addressee=f"Dr {treating.given} {treating.family}",
        subject="consultation de cardiologie",
        paragraphs=(
            "Cher confrère, chère consœur,",
            (
                f"J’ai vu ce jour {known} pour une hypertension artérielle. L’interrogatoire ne retrouve ni douleur de poitrine, ni "
                "palpitations, ni essoufflement d’effort inhabituel."
            ),
            (
                f"La pression artérielle est à {pressure}/{pressure - 54} mmHg au repos. L’auscultation est normale. L’électrocardiogramme "
                "est en rythme sinusal, sans trouble de la repolarisation. L’échographie montre un ventricule gauche de taille et de "
                "fonction normales, avec une fraction d’éjection à 62 %."
            ),
            "En conclusion, l’équilibre est satisfaisant. Je propose de poursuivre le traitement :",
        ),
        points=(
            "poursuite du ramipril 5 mg le matin ;",
            "automesure de la pression trois jours de suite avant chaque consultation ;",
            "nouvelle consultation dans un an, plus tôt en cas de symptôme.",
        ),
        closing=SINCERELY,
    )
    header = desk.header("Lettre de consultation de cardiologie", staff.specialist, at(day, 15, 20), hours=1)
    desk.keep_letter(header, letter, CONSULTATION, "specialist", wrapped=True)


def imaging_request(desk: Desk, day: date, kind: str) -> None:
    """The treating doctor asks for an examination, in a level-1 document."""
    seen = KINDS[kind]
    letter = Letter(
        addressee=desk.staff.radiologist.organization.name,
        subject=f"demande d’examen – {seen.title}",
        paragraphs=(
            "Cher confrère, chère consœur,",
            f"Merci de réaliser l’examen suivant : {seen.title}.",
            f"Motif : {seen.reason}",
        ),
        points=("pas d’allergie connue aux produits de contraste ;", "pas de dispositif implanté."),
        closing=SINCERELY,
    )
    header = desk.header(f"Demande d’examen – {seen.title}", desk.staff.treating_doctor, at(day, 10, 45))
    desk.keep_letter(header, letter, IMAGING_REQUEST, "treating-doctor", wrapped=True)


def child_letters(desk: Desk) -> None:
    """The exams of childhood, and the certificate of a sportive child."""
    life = desk.life
    born = life.traits.birth_date
    for months in (1, 9, 24, 48, 72, 108, 144, 180):
        day = born + timedelta(days=int(months * 30.4375) + 6)
        if timedelta(days=1) < life.today - day < timedelta(days=6 * 365):
            _child_exam(desk, day - timedelta(days=day.weekday() == 6), months)
    if life.age >= 6:
        sport(desk, desk.days_ago(desk.random.randint(30, 300)))


def _child_exam(desk: Desk, day: date, months: int) -> None:
    boy = desk.life.traits.sex == "male"
    height = 54 + min(months, 24) * 1.4 + max(months - 24, 0) * 0.53 + desk.random.gauss(0, 1.5)
    mass = 4.2 + min(months, 12) * 0.5 + min(max(months - 12, 0), 60) * 0.19 + max(months - 72, 0) * 0.27 + desk.random.gauss(0, 0.4)
    name = f"{months} mois" if months <= 24 else f"{months // 12} ans"
    letter = Letter(
        addressee="Aux parents",
        subject=f"examen de santé de l’enfant – {name}",
        paragraphs=(
            "Madame, Monsieur,",
            f"Votre {'fils' if boy else 'fille'} a été vu{'' if boy else 'e'} pour l’examen de {name}.",
            _size(height, mass),
            "La croissance est régulière, l’examen est normal. La vue, l’audition et le développement sont ceux de son âge.",
        ),
        points=(
            "vaccinations à jour selon le calendrier ;",
            "vitamine D selon l’ordonnance ;",
            "prochain examen selon le carnet de santé.",
        ),
        closing="Bien à vous,",
    )
    header = desk.header(f"Examen de santé de l’enfant – {name}", desk.staff.treating_doctor, at(day, 16, 40))
    # Half of the doctors' software writes the structured envelope, half sends the file alone.
    desk.keep_letter(header, letter, CONSULTATION, "treating-doctor", wrapped=months % 8 == 1)


def _size(height: float, mass: float) -> str:
    return f"Taille : {height:.0f} cm – poids : {mass:.1f} kg".replace(".", ",") + "."


def sport(desk: Desk, day: date) -> None:
    """A certificate for sport, as a PDF alone."""
    activity = desk.random.choice(("de la natation", "du judo", "du football", "de la course à pied", "de l’escalade", "de la danse"))
    letter = Letter(
        addressee="À qui de droit",
        subject="certificat médical",
        paragraphs=(
            "Le médecin soussigné certifie avoir examiné ce jour la personne nommée ci-dessus.",
            f"Cet examen ne révèle pas de contre-indication à la pratique {activity}, y compris en compétition.",
            "Certificat établi à la demande de la personne ou de son représentant légal et remis en main propre.",
        ),
        closing="Fait pour servir et valoir ce que de droit,",
    )
    header = desk.header("Certificat médical pour le sport", desk.staff.treating_doctor, at(day, 17, 30))
    desk.keep_letter(header, letter, CERTIFICATE, "treating-doctor", wrapped=False)


def adult_letters(desk: Desk) -> None:
    """A certificate for the young, their wishes for the old."""
    life, random = desk.life, desk.random
    if life.age < 45 and random.random() < 0.8:
        sport(desk, desk.days_ago(random.randint(30, 400)))
    if life.age >= 70 and random.random() < 0.6:
        _wishes(desk, desk.days_ago(random.randint(100, 1200)))
    if random.random() < 0.5 or age_on(life.traits.birth_date, life.today) < 40:
        visit(desk, desk.days_ago(random.randint(20, 900)))


def visit(desk: Desk, day: date) -> None:
    """A visit to the treating doctor, as a PDF alone."""
    motive, findings, plan = desk.random.choice(
        (
            (
                "une lombalgie récente",
                "Douleur du bas du dos après un effort, sans irradiation. Mobilité conservée.",
                "antalgique simple et reprise rapide de l’activité",
            ),
            (
                "une rhinopharyngite",
                "Nez qui coule depuis trois jours, gorge rouge, tympans normaux, pas de fièvre.",
                "lavage de nez et repos",
            ),
            (
                "un bilan de prévention",
                "Examen normal. Activité physique régulière, tabac absent.",
                "poursuivre l’activité physique, revoir le calendrier des vaccins",
            ),
            (
                "une fatigue",
                "Sommeil court depuis deux mois, charge de travail élevée. Examen normal.",
                "bilan sanguin et repos, revoir avec les résultats",
            ),
        )
    )
    letter = Letter(
        addressee="Pour le dossier",
        subject=f"consultation pour {motive}",
        paragraphs=(f"Consultation de ce jour pour {motive}.", findings, f"Conduite à tenir : {plan}."),
        closing="Médecin traitant,",
    )
    header = desk.header("Compte rendu de consultation", desk.staff.treating_doctor, at(day, 11, 15))
    desk.keep_letter(header, letter, CONSULTATION, "treating-doctor", wrapped=False)


def _wishes(desk: Desk, day: date) -> None:
    """The citizen's own document, which they deposit themselves."""
    male = desk.life.traits.sex == "male"
    letter = Letter(
        addressee="À l’équipe qui me soignera",
        subject="mes souhaits",
        paragraphs=(
            "Si un jour je ne peux plus m’exprimer, je souhaite que l’on tienne compte de ce qui suit.",
            (
                f"Je souhaite être soulagé{'' if male else 'e'} de la douleur, même si cela abrège ma vie. "
                "Je ne souhaite pas de réanimation si je ne peux "
                "plus reconnaître mes proches."
            ),
            "Ma personne de confiance connaît ces souhaits et peut en parler avec vous.",
        ),
        closing="Fait librement,",
        own=True,
    )
    header = desk.header("Mes souhaits pour ma santé", desk.staff.treating_doctor, at(day, 18))
    desk.keep_letter(header, letter, WISHES, "citizen", wrapped=False)
