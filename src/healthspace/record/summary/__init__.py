"""The International Patient Summary of a citizen: one FHIR document made of the resources of their record.

`assemble` is pure: resources in, Bundle out. `summarise` reads what the caller may see and has it assembled.
"""
