"""Every address of the program and whom it serves, by the names of its endpoints; an address without a row fails.

`kind: who relation stops: endpoints`. `=` is whoever knows of the thing; a line without a relation asks for the role
alone. What has no thing in its address has kind `-`.
"""

from tests.oracle.oracle import Rule

_TABLE = """
-: public: static account.sign_in account.sign_out account.give_code account.set_language health.healthz health.readyz
-: public: health.searchz design.show csp_reports.report file_prints.index api-docs.openapi_json api_tokens.create
-: OHISA: start.show account.show account.change_password account.remaining account.end_session accounts.policy
-: OHISA: second_factor.show second_factor.activate second_factor.begin second_factor.picture second_factor.remove
-: OHISA: passkeys.show passkeys.begin passkeys.to_register passkeys.to_confirm passkeys.add passkeys.remove passkeys.to_decide
-: public: account.sign_in_by_passkey passkeys.to_sign_in office.begin office.answer office.leave
-: OHISA: office.confirm
-: OHISA: api_tokens.me api_tokens.end api_jobs.show own_membership.show own_membership.ask own_membership.withdraw
-: A: accounts.index accounts.new system.show
account: = : accounts.show accounts.set_disabled accounts.reset_password accounts.assign accounts.end_role
account: = : accounts.remove_second_factor accounts.end_sessions accounts.untie
-: HA: access_reviews.index
-: H: access_reviews.start
access_review: = : access_reviews.show access_reviews.decide access_reviews.tie
-: IA: alarms.index
alarm: = : alarms.settle
-: I: audit.index audit.show audit.extract audit.slip audit.verify api_audit.index
-: OHIA: organisation.index api_units.index
unit: = : organisation.show

-: O: api_transfers.receive api_dossiers.create arrivals.new arrivals.create dossiers.new people.new first_load.index
-: O: first_load.take first_load.template
-: OH: people.index api_people.index api_dossiers.index completeness.index completeness.export
-: OH: milestones.show milestones.paper milestones.export papers.show_registers papers.draw_register
-: OH: reports.staff reports.export_staff
-: OHI: figures.index reports.work reports.print_work reports.export_work
-: OH: intake.index intake.progress review.index start.reading
-: O: cover_sheets.ask cover_sheets.take desk.take_next gate.show gate.image gate.admit gate.refuse
dossier: = : dossiers.show dossiers.scans short_cvs.ask short_cvs.take
dossier: = : api_dossiers.show api_dossiers.scans record.show record.table record.value record_numbers.index
dossier: = : api_record.show checks.show checks.again inserts.show inserts.open_together inserts.close inserts.unseal
dossier: = : inserts.page inserts.image protection.ask protection.open_together protection.close
dossier: = : file_prints.ask file_prints.take
dossier: O keep: papers.ask_for_dossier papers.take_dossier
person: OH keep: protection_flags.show
person: H keep: protection_flags.set_flag protection_flags.clear
dossier: O keep !: dossiers.shelf sheets.show sheets.count attestations.new attestations.create paper_losses.new
dossier: O keep !: paper_losses.declare
dossier: O keep !!: intake.upload api_dossiers.upload rearranging.show rearranging.order_documents rearranging.undo
dossier: O keep !!: api_rearranging.order_documents api_rearranging.undo record.write_row record.remove_row
dossier: O keep !!: record.take_rows record.take record.write api_record.key_value corrections.new corrections.create
dossier: O keep !!: leavings.new leavings.create verifications.new verifications.create api_verifications.open_case
dossier: O keep !!: api_stacks.sheets
dossier: OH keep !!: record.decide api_record.settle
person: = : people.show
purge: OH keep first: gate.minutes

scan: = : intake.show intake.scan_progress review.show api_scans.show api_scans.page api_scans.image
scan: O keep: intake.check_signatures pages.original pages.pdf api_scans.original api_scans.pdf gate.ask
scan: O keep !!: gate.clear gate.purge intake.read_again api_scans.verify
waiting: O keep: desk.leave desk.discard
waiting: O keep !!: desk.draft desk.stay desk.take_over review.file
page: = : pages.show pages.image pages.thumbnail pages.words search.line
page: O keep !: review.correct rearranging.turn api_rearranging.turn
document: = : record_numbers.show api_rearranging.pages
document: O keep: rearranging.head inserts.ask
document: O keep !!: rearranging.describe rearranging.join rearranging.move rearranging.order_pages rearranging.split
document: O keep !!: inserts.seal review.take_apart api_rearranging.join api_rearranging.move
document: O keep !!: api_rearranging.order_pages api_rearranging.split record_numbers.write
document: OH keep !!: record_numbers.decide
-: OH: search.show search.export search.suggest api_search.show api_search.export api_search.suggest
-: OH: saved_searches.save saved_searches.show saved_searches.delete saved_searches.rename

-: OH: transfers.index api_transfers.index mass_transfers.index transfer_requests.index
-: O: transfers.new transfers.create api_transfers.create mass_transfers.new mass_transfers.create
-: O: transfer_requests.create late_papers.index
-: OH: packages.new packages.create
transfer: = : transfers.show transfers.take transfers.settle proofs.upload proofs.file proofs.remove proofs.ask
transfer: = : proofs.destroy api_transfers.show api_transfers.take api_transfers.prove api_transfers.proof
transfer: O from: transfers.prove late_papers.bring
transfer: OH to: arrivals.edit arrivals.correct transfers.check transfers.check_extra transfers.check_rest
transfer: OH to: api_transfers.check
transfer: H parties: losses.ask losses.declare
mass_transfer: = : mass_transfers.show mass_transfers.add mass_transfers.go_on
mass_transfer: O unit: mass_transfers.choose
mass_transfer: = : mass_transfers.stop mass_transfers.take_out mass_transfers.take
transfer_request: = : transfer_requests.withdraw
transfer_request: O keep: transfer_requests.answer transfer_requests.refuse
late_paper: = : late_papers.file late_papers.give_back late_papers.send late_papers.take_in late_papers.withdraw
-: OH: packages.index packages.read_answer packages.close
-: O: packages.take_in packages.give
package: = : packages.show packages.answer packages.answer_file packages.file packages.slip
arrival: = : packages.arrival packages.give_code packages.arrival_progress

-: OH: membership.index api_membership.index
-: O: membership.new membership.create api_membership.create
membership: = : membership.show membership.take api_membership.show api_membership.take
membership: O from: membership.correct membership.send_dossier
membership: H none: membership.extend
asking: = : own_membership.read own_membership.refuse

-: OHI: consultations.index consultations.new consultations.create consultations.why api_consultations.index
-: OHI: api_consultations.create locating.index locating.ask
consultation: = : consultations.show consultations.take consultations.ask_copy reading_room.take_copy
consultation: = : reading_room.show reading_room.page reading_room.image reading_room.remaining
consultation: H* keep: consultations.approve consultations.candidates consultations.choose consultations.decide_copy
consultation: H* keep: consultations.decide consultations.not_here
consultation: OH keep: consultations.hand_out consultations.take_back
locate_answer: = : locating.answer

-: OH: attestations.index api_attestations.index corrections.index api_corrections.index leavings.index
-: OH: api_leavings.index
attestation: = : attestations.show attestations.withdraw api_attestations.show
attestation: H* manage: attestations.attest attestations.refuse api_attestations.attest api_attestations.refuse
correction: = : corrections.show corrections.withdraw api_corrections.show
correction: H* manage: corrections.decide corrections.refuse api_corrections.decide api_corrections.refuse
leaving: = : leavings.show api_leavings.show
leaving: O keep: leavings.cancel leavings.close leavings.hand_over leavings.report_mistake api_leavings.report_mistake
leaving: H* manage: leavings.annul leavings.consent leavings.keep_closed leavings.reopen api_leavings.annul
leaving: H* manage: api_leavings.consent api_leavings.keep_closed
-: OH: checks.index checks.export verifications.index api_verifications.index paper_losses.index
-: OH: api_paper_losses.index subject_requests.index api_subject_requests.index
finding: O keep !: checks.settle verifications.send
verification: = : verifications.show api_verifications.show
verification: O keep !: verifications.correct verifications.describe verifications.end verifications.extend
verification: O keep !: verifications.give_up verifications.conclude verifications.file_minutes
verification: O keep !: api_verifications.conclude api_verifications.end api_verifications.extend
verification: O keep !: api_verifications.give_up
paper_loss: = : paper_losses.show api_paper_losses.show
paper_loss: O keep !: paper_losses.find_again paper_losses.give_up paper_losses.make_anew api_paper_losses.find_again
paper_loss: O keep !: api_paper_losses.give_up api_paper_losses.make_anew
subject_request: = : subject_requests.show subject_requests.refuse api_subject_requests.show
subject_request: = : api_subject_requests.refuse
subject_request: O keep: subject_requests.acknowledge subject_requests.correct subject_requests.extend
subject_request: O keep: subject_requests.forward subject_requests.hand_out subject_requests.proof
subject_request: O keep: subject_requests.take_proof api_subject_requests.acknowledge api_subject_requests.extend
subject_request: O keep: api_subject_requests.forward
subject_request: H* keep: subject_requests.grant api_subject_requests.grant

-: OH: campaigns.index api_campaigns.index overdue.show overdue.export
-: O: campaigns.new campaigns.create
campaign: = : campaigns.show campaigns.draw_forms api_campaigns.show api_campaigns.declarations
campaign: O unit: campaigns.change campaigns.close campaigns.discard campaigns.take_in
campaign: H* any: campaigns.attest
declaration: = : declarations.show declarations.take declarations.draw declarations.paper
declaration: O keep: declarations.enter declarations.write declarations.judge

-: OH: holds.index disposal.index delegations.index delegations.end
-: H*: holds.new holds.create
-: H: delegations.give
-: O: disposal.new disposal.propose
hold: = : holds.show holds.ask holds.lift
disposal: = : disposal.show
disposal: H* unit: disposal.decide
disposal: O any: disposal.execute

-: OHA: reorganisations.index api_reorganisations.index
-: OA: reorganisation_plans.new reorganisation_plans.create
reorganisation: = : reorganisations.show reorganisations.take reorganisations.download reorganisations.progress
reorganisation: = : api_reorganisations.show api_reorganisations.take
reorganisation: OA unit: reorganisations.try_out reorganisation_plans.new_change reorganisation_plans.add_change
reorganisation: OA unit: reorganisation_plans.edit_change reorganisation_plans.save_change
reorganisation: OA unit: reorganisation_plans.move_change reorganisation_plans.place_everybody
reorganisation: OA unit: reorganisation_plans.place_others reorganisation_plans.people
reorganisation: OA unit: reorganisation_plans.place_people reorganisation_plans.decision reorganisation_plans.correct
reorganisation: OA unit: api_reorganisations.try_out

-: O: stacks.index stacks.give api_stacks.index api_stacks.give scan_folders.index scan_folders.give
-: O: stocktaking.index stocktaking.start
stack: = : stacks.show stacks.divide_again stacks.page stacks.picture stacks.change stacks.assign stacks.progress
stack: = : stacks.split stacks.take_in stacks.withdraw api_stacks.show api_stacks.assign api_stacks.leave_out
stack: = : api_stacks.take_in
folder: = : scan_folders.show scan_folders.discard scan_folders.progress scan_folders.export scan_folders.take_in
stocktaking: = : stocktaking.show stocktaking.export stocktaking.finish stocktaking.scan stocktaking.settle
-: OH: whereabouts.index
-: OH: whereabouts.show
-: O: whereabouts.settle

own: mine: own_dossiers.show own_requests.new own_requests.create own_requests.show own_requests.take
own: mine: own_requests.withdraw own_declarations.show own_declarations.save own_declarations.recall
own: mine: own_declarations.draw
paper: = : papers.show papers.draw
"""


def _read() -> dict[str, Rule]:
    rules = {}
    for line in filter(None, _TABLE.splitlines()):
        kind, who, names = (part.strip() for part in line.split(":", 2))
        letters, relation, stops = (*who.split(), "", "")[:3]
        for name in names.split():
            rules[name] = Rule(kind, letters.rstrip("*"), relation, letters.endswith("*"), stops)
    return rules


RULES = _read()
# What a printed paper is about.
PAPERS = {
    "transfer-slip": "transfer", "handover-slip": "transfer", "handover-minutes": "transfer",
    "handover-list": "mass_transfer", "transfer-letter": "membership", "loss-minutes": "transfer",
    "contents-list": "dossier", "control-sheet": "dossier", "supplement-request": "dossier",
    "consultation-slip": "consultation", "consultation-log": "dossier", "disposal-minutes": "disposal",
    "leaving-minutes": "leaving", "attestation": "attestation", "verification-minutes": "verification",
    "paper-loss-minutes": "paper_loss", "access-review": "access_review",
    "envelope": "dossier", "dossier-label": "dossier",
}  # fmt: skip
