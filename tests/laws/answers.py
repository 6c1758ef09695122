"""The sets of answers to the platform's open questions under which the laws are held."""

from __future__ import annotations

ANSWERS = {
    "defaults": [],
    "merge": ["metadataPut=merge", "typeMetadataPut=merge"],
    "keywise": ["metadataInheritance=keywise", "nullIsGiven=yes", "inheritedInAnswer=no"],
    "keywise-merge": ["metadataInheritance=keywise", "metadataPut=merge"],
    "empty-dropped": ["emptyInfo=dropped", "emptyDescription=dropped"],
    "empty-cleared": [
        "emptyInfo=cleared",
        "emptyDescription=cleared",
        "emptyTextIsGiven=no",
        "emptyMetadataIsGiven=no",
    ],
    "small-pages": ["pageCap=1", "devicesLastPage=endless"],
    "clamped-pages": ["pageCap=2", "limitTooLarge=clamp", "typesLastPage=extra"],
    "odd-pages": [
        "pageCap=25",
        "typesLastPage=endless",
        "devicesLastPage=extra",
        "facets=ignored",
        "clientStates=short",
    ],
    "floats": [
        "numbers=floats",
        "metadataNulls=dropped",
        "numericStrings=accepted",
        "longFractions=accepted",
    ],
    "statuses": [
        "typeDeleteInUse=409",
        "bulkAdd=202",
        "bulkRemove=200",
        "unknownType=400",
        "clientStates=404",
        "bulkBadItem=item",
        "bulkEmpty=accepted",
    ],
    "words": [
        "failedItemMessage=no",
        "errorBody=full",
        "gatewayPrefix=d",
        "tokens=lenient",
        "unknownKeys=ignore",
        "serverKeys=ignore",
        "clientStates=403",
    ],
    "all-at-once": [
        "metadataInheritance=keywise",
        "typeMetadataPut=merge",
        "metadataNulls=dropped",
        "emptyTextIsGiven=no",
    ],
    "keys": [
        "registrationAuth=apikey",
        "absentTypeDelete=204",
        "bulkRemove=201",
        "errorBody=empty",
    ],
}
"""Each open question of the platform page is answered either way in at least one of these."""

NOT_ANSWERED = {
    "totalRows=absent": "nothing may be deleted then; tests/scenarios/test_listing_proof.py",
    "pageDefault": "fleetsync always says how large a page it wants",
    "listLagSeconds": "a late list shows the past, so no plan is empty; the scenarios have it",
    "listLagCalls": "the same",
    "textLimit": "a size: what is over it is refused, so no fleet can become what it should",
    "requestBytes": "the same",
    "diagLagSeconds": "no plan or apply asks for diagnostics: tests/client has them",
    "diagLogBytes": "the same",
    "diagCodes": "the same",
    "clientStates=503": "as 403, but waited for: tests/apply/test_connected.py",
    "maxTypes": "a quota: the same",
    "maxDevices": "the same",
}
"""Switches, or single values of them, under which these laws do not hold or say nothing."""
