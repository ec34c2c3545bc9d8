"""Names of codes for people, in French and in English. A code without a name here gives "": use the document's own display.

Sources of the French names: TRE_A03, TRE_A05, TRE_A07, TRE_R02 and JDV_J04, JDV_J07 of the French agency, some shortened
for citizens. The English ones are ours.
"""

from collections.abc import Mapping

from healthspace.terminology.document_types import SIGNATURE_CLASS
from healthspace.terminology.type_labels import TYPES

Names = Mapping[str, tuple[str, str]]

CLASSES: Names = {
    "10": ("Compte rendu", "Report"),
    "11": ("Synthèse", "Summary"),
    "31": ("Imagerie médicale", "Medical imaging"),
    "42": ("Prescription", "Prescription"),
    "43": ("Dispensation", "Dispensation"),
    "44": ("Plan de soins, protocole de soins", "Care plan, care protocol"),
    "45": ("Traitement administré", "Administered treatment"),
    "52": ("Certificat, déclaration", "Certificate, declaration"),
    "60": ("Données de remboursement", "Reimbursement data"),
    "90": ("Autres documents déposés par le patient", "Other documents added by the patient"),
    "95": ("Document de gestion", "Administrative document"),
    "99": ("Document technique", "Technical document"),
    SIGNATURE_CLASS: ("Signature électronique", "Digital signature"),
}

SETTINGS: Names = {
    "AMBULATOIRE": ("Ambulatoire", "Outpatient care"),
    "ETABLISSEMENT": ("Établissement de santé", "Hospital"),
    "ESSMS": ("Établissement ou service social et médico-social", "Social and medico-social care"),
    "DEPISTAGE": ("Dépistage", "Screening"),
    "AMO": ("Assurance maladie obligatoire", "Statutory health insurance"),
    "HAD": ("Hospitalisation à domicile", "Hospital at home"),
    "MAD": ("Maintien à domicile", "Support at home"),
    "SAD": ("Soins à domicile", "Home care"),
    "PALLIATIF": ("Soins palliatifs", "Palliative care"),
    "SAMU_SMUR": ("SAMU et SMUR", "Emergency medical service"),
    "SNR": ("Service numérique référencé", "Referenced digital service"),
    "EXP_PATIENT": ("Expression du patient", "Expressed by the patient"),
}

FACILITIES: Names = {
    "SA01": ("Établissement public de santé", "Public hospital"),
    "SA02": ("Hôpital militaire", "Military hospital"),
    "SA03": ("Établissement privé participant au service public", "Private non-profit hospital"),
    "SA04": ("Établissement privé", "Private hospital"),
    "SA05": ("Centre de santé", "Health centre"),
    "SA06": ("Structure du service de santé des armées", "Military health service"),
    "SA07": ("Cabinet individuel", "Single practice"),
    "SA08": ("Cabinet de groupe", "Group practice"),
    "SA09": ("Exercice en société", "Incorporated practice"),
    "SA10": ("Transporteur sanitaire", "Patient transport"),
    "SA12": ("Établissement de soins et de prévention", "Care and prevention facility"),
    "SA13": ("Prévention et soins en entreprise", "Occupational health"),
    "SA14": ("Établissement scolaire ou universitaire", "School or university"),
    "SA15": ("PMI et planification familiale", "Mother and child clinic, family planning"),
    "SA16": ("Établissement pour personnes handicapées", "Facility for disabled people"),
    "SA17": ("Établissement pour personnes âgées", "Facility for older people"),
    "SA18": ("Établissement d’aide à la famille", "Family support facility"),
    "SA19": ("Formation aux professions sanitaires et sociales", "Training for health and social professions"),
    "SA20": ("Protection de l’enfance", "Child protection"),
    "SA21": ("Hébergement et réadaptation", "Residential rehabilitation"),
    "SA22": ("Recherche", "Research"),
    "SA23": ("Assurance privée", "Private insurance"),
    "SA24": ("Organisme de sécurité sociale", "Social security body"),
    "SA25": ("Laboratoire de biologie médicale", "Medical laboratory"),
    "SA26": ("Ministère ou service déconcentré", "Ministry or its local office"),
    "SA27": ("Collectivité territoriale", "Local authority"),
    "SA28": ("Association ou organisme humanitaire", "Charity"),
    "SA29": ("Laboratoire d’analyses et de biologie médicale", "Medical laboratory"),
    "SA30": ("Autre établissement sanitaire", "Other health facility"),
    "SA31": ("Répartition et distribution de médicaments et de dispositifs médicaux", "Wholesale of medicines and medical devices"),
    "SA32": ("Fabrication et importation de médicaments et de dispositifs médicaux", "Making and import of medicines and medical devices"),
    "SA33": ("Pharmacie d’officine", "Community pharmacy"),
    "SA34": ("Centre de dialyse", "Dialysis centre"),
    "SA35": ("Parapharmacie", "Drugstore"),
    "SA36": ("Centre de lutte contre le cancer", "Cancer centre"),
    "SA37": ("Centre de transfusion sanguine", "Blood transfusion centre"),
    "SA38": ("Pharmacie minière", "Miners’ pharmacy"),
    "SA39": ("Pharmacie mutualiste", "Mutual pharmacy"),
    "SA40": ("Secteur privé, praticien hospitalier", "Private practice of a hospital doctor"),
    "SA41": ("Autre établissement social ou médico-social", "Other social or medico-social facility"),
    "SA42": ("Appareillage médical", "Medical appliances"),
    "SA43": ("Secteur non défini", "Undefined sector"),
    "SA44": ("Recrutement ou gestion des ressources humaines", "Recruitment, human resources"),
    "SA45": ("Communication, conseil, média", "Communication, consulting, media"),
    "SA46": (
        "Industrie et distribution de médicaments et de dispositifs médicaux",
        "Industry of medicines and devices",
    ),
    "SA47": ("Incendie et secours", "Fire and rescue"),
    "SA48": ("Entreprise hors industrie pharmaceutique", "Company outside the pharmaceutical industry"),
    "SA49": ("Entité d’outre-mer", "Overseas entity"),
    "SA50": ("Permanence des soins", "Out-of-hours care"),
    "SA51": ("Structure de coopération autorisée à soigner", "Cooperative structure with a licence to care"),
    "SA52": ("Maison ou pôle de santé", "Multi-professional health centre"),
    "SA53": ("Siège d’un établissement de santé", "Head office of a hospital"),
    "SA54": ("Centre de dépistage et de prévention", "Screening and prevention centre"),
    "SA55": ("Laboratoire préparant des allergènes", "Laboratory preparing allergens"),
    "SA56": ("Propharmacie", "Dispensing doctor"),
    "SA57": ("Structure de coordination des soins", "Care coordination structure"),
    "SA58": ("Entreprise de taxis", "Taxi company"),
    "SA59": ("Laboratoire de biologie médicale hors catégorie standard", "Medical laboratory outside the standard categories"),
    "SA60": ("Centre médical de la SNCF", "Medical centre of the railways"),
    "SA61": ("Oxygène médical à domicile", "Medical oxygen at home"),
    "SA63": ("Structure de coordination et d’orientation", "Coordination and guidance structure"),
    "SA64": ("Société de téléconsultation", "Teleconsultation company"),
    "SA65": ("Antenne de pharmacie", "Branch of a pharmacy"),
    "SA66": ("Service de prévention et de santé au travail", "Occupational prevention and health service"),
    "SA67": ("Maison médicale de garde", "Out-of-hours medical centre"),
    "SA68": ("Service départemental d’incendie et de secours", "Fire and rescue service of the département"),
    "SA69": ("Maison de naissance", "Birth centre"),
    "EXP_PATIENT": ("Expression du patient", "Expressed by the patient"),
    "SNR": ("Service numérique référencé", "Referenced digital service"),
}

CONFIDENTIALITIES: Names = {
    "N": ("Normal", "Normal"),
    "R": ("Restreint", "Restricted"),
    "V": ("Très restreint", "Very restricted"),
    "MASQUE_PS": ("Masqué aux professionnels de santé", "Hidden from health professionals"),
    "INVISIBLE_PATIENT": ("Pas encore visible par le patient", "Not yet visible to the patient"),
    "INVISIBLE_REPRESENTANTS_LEGAUX": ("Non visible par les représentants légaux", "Hidden from legal representatives"),
}


def label_of_type(code: str, language: str) -> str:
    """The name of a type of document; "" when we have none. `language` is a tag such as "fr", "en" or "fr-FR"."""
    return _name(TYPES, code, language)


def label_of_class(code: str, language: str) -> str:
    """The name of a class of documents (TRE_A03)."""
    return _name(CLASSES, code, language)


def label_of_setting(code: str, language: str) -> str:
    """The name of a practice setting (TRE_A01)."""
    return _name(SETTINGS, code, language)


def label_of_facility(code: str, language: str) -> str:
    """The name of a kind of facility (TRE_R02)."""
    return _name(FACILITIES, code, language)


def label_of_confidentiality(code: str, language: str) -> str:
    """The name of a confidentiality or visibility code (HL7, TRE_A07)."""
    return _name(CONFIDENTIALITIES, code, language)


def _name(names: Names, code: str, language: str) -> str:
    french, english = names.get(code, ("", ""))
    return english if language.lower().startswith("en") else french
