// The faults that Plue has to bear, REL-01 to REL-44, each with what holds it: a scenario of `npm run faults`, a test, or a step of a scenario.
// A case without anything that holds it, or one that names what is not there, is a failure.

/**
 * @typedef {{kind: 'scenario', name: string}
 *   | {kind: 'csharp', name: string}
 *   | {kind: 'typescript', file: string, name: string}
 *   | {kind: 'step', file: string, name: string}} Holder `csharp` is named as `Room.Class.Method`.
 *
 * @typedef {object} Case
 * @property {string} id
 * @property {string} sentence What happens, and what is expected then.
 * @property {boolean} [isBlocker] Nothing is released while it fails: data, keys, money or processes would be lost.
 * @property {Holder[]} holders
 */

/** @param {string} name @returns {Holder} */
const scenario = (name) => ({ kind: 'scenario', name });
/** @param {string} name @returns {Holder} */
const csharp = (name) => ({ kind: 'csharp', name });
/** @param {string} file @param {string} name @returns {Holder} */
const typescript = (file, name) => ({ kind: 'typescript', file: `tests/extension/${file}.test.ts`, name });
/** @param {string} file @param {string} name @returns {Holder} */
const step = (file, name) => ({ kind: 'step', file, name });

/** What each vendor's wire is held to; OpenRouter and the others run the same tests. @param {string} name */
const contract = (name) => csharp(`Providers.AnthropicProviderTests.${name}`);

/** @type {Case[]} */
export const cases = [
  {
    id: 'REL-01',
    sentence:
      'The sidecar is killed in the middle of an answer: it is back within 5 s, the text so far is kept and marked interrupted, nothing is sent again by itself.',
    isBlocker: true,
    holders: [
      scenario('killed while it answers'),
      csharp('Rpc.SidecarProcessTests.Killed_at_fifty_random_points_of_a_stream_nothing_acknowledged_is_lost'),
      step('crash', 'A sidecar killed in the middle of an answer comes back by itself with the partial text'),
    ],
  },
  {
    id: 'REL-02',
    sentence: 'The sidecar crashes at each start: after three restarts within a minute it stays down, and the cause is shown.',
    holders: [
      typescript(
        'server/client',
        'A sidecar that crashes is started again three times, then shows its cause, and starts anew when the user asks',
      ),
      typescript('server/restartPolicy', 'The fourth crash within a minute ends it'),
    ],
  },
  {
    id: 'REL-03',
    sentence: 'The claude program is killed in a turn: the turn ends with an error within 2 s, its children are gone, the chat goes on.',
    isBlocker: true,
    holders: [
      csharp('Providers.ClaudeCode.ClaudeCodeProviderTests.A_killed_process_is_an_error_within_two_seconds_and_the_chat_goes_on'),
      csharp('Providers.ClaudeCode.ClaudeCodeAgentTests.REL_03_A_process_that_is_killed_while_it_asks_takes_its_question_back'),
      csharp('Providers.ClaudeCode.ClaudeCodeAgentTests.REL_03_Changes_of_a_killed_process_are_recorded'),
      csharp('Chat.ToolTurnTests.REL_03_After_a_kill_between_two_rounds_a_task_is_interrupted_and_goes_on_from_its_results'),
    ],
  },
  {
    id: 'REL-04',
    sentence:
      'The program ends without a result, floods stderr or ignores the signal to end: a typed error, bounded memory, and it is ended.',
    holders: [
      csharp('Providers.ClaudeCode.ClaudeCodeFaultTests.Exiting_without_a_result_is_an_error_and_never_a_success'),
      csharp('Providers.ClaudeCode.ClaudeCodeFaultTests.Floods_on_stderr_neither_block_nor_fill_the_memory_and_the_key_is_masked'),
      csharp('Providers.ClaudeCode.ClaudeCodeFaultTests.One_that_ignores_SIGTERM_and_interrupts_is_ended_with_all_it_started'),
    ],
  },
  {
    id: 'REL-05',
    sentence:
      'Events are malformed or unknown, or a web page comes with 200: the event is passed over or the turn fails, and the next one works.',
    holders: [
      contract('A_malformed_event_fails_and_keeps_earlier_content'),
      contract('Ignores_unknown_events'),
      contract('A_web_page_is_not_an_answer'),
      contract('Any_bytes_at_all_end_in_one_event_and_never_throw'),
    ],
  },
  {
    id: 'REL-06',
    sentence: 'The stream is split anywhere, in lines, characters or at its end: the text is the same.',
    holders: [
      contract('Every_split_of_the_bytes_gives_the_same_events'),
      contract('A_last_event_without_an_empty_line_counts'),
      csharp('Platform.ChildProcessTests.Lines_are_the_same_for_any_split_of_the_bytes'),
      csharp('Rpc.RpcServerTests.Frames_cut_anywhere_are_read_the_same'),
    ],
  },
  {
    id: 'REL-07',
    sentence: 'The connection is cut inside the parameters of a tool call: the tool never runs, and the next request is valid.',
    isBlocker: true,
    holders: [
      scenario('cut inside a tool call'),
      csharp('Chat.ToolTurnTests.REL_07_A_call_whose_parameters_were_cut_is_never_run'),
      contract('A_stream_cut_anywhere_never_finishes_a_tool_call_by_half'),
    ],
  },
  {
    id: 'REL-08',
    sentence: 'One line of 100 MB comes from a provider, a program, a server or a command: it is cut at the cap, and memory stays.',
    isBlocker: true,
    holders: [
      scenario('a line of 100 MB'),
      contract('A_line_of_100_MB_is_cut_without_being_held'),
      csharp('Providers.ClaudeCode.ClaudeCodeFaultTests.A_line_of_100_MB_is_cut_at_the_cap'),
      csharp('Tools.Mcp.McpHostileTests.REL_08_A_line_of_100_MB_ends_the_server_and_not_us'),
      csharp('Tools.Mcp.McpHttpTests.REL_08_An_answer_of_100_MB_is_broken_off'),
    ],
  },
  {
    id: 'REL-09',
    sentence: 'No answer, or only its head, or a byte now and then: waiting has an end, and a stop works within a second.',
    holders: [
      scenario('an endpoint that drips'),
      contract('An_answer_that_never_begins_times_out'),
      contract('An_answer_that_stops_coming_times_out_and_keeps_its_text'),
      contract('Stopping_while_nothing_comes_closes_the_connection'),
    ],
  },
  {
    id: 'REL-10',
    sentence: 'The provider is over its limit: its wait is kept up to a minute, shown and stoppable, and a spend limit is not tried again.',
    holders: [
      csharp('Providers.RetryTests.The_vendors_wait_is_kept'),
      csharp('Providers.RetryTests.A_short_wait_of_the_vendor_does_not_burn_the_tries'),
      csharp('Providers.RetryTests.A_wait_of_more_than_a_minute_is_named_and_not_waited'),
      csharp('Providers.AnthropicProviderTests.A_spend_limit_hidden_in_a_429_is_not_tried_again'),
      csharp('Rpc.FallbackAndUsageTests.A_wait_that_the_vendor_asks_for_is_shown_and_stopping_ends_it_at_once'),
    ],
  },
  {
    id: 'REL-11',
    sentence: 'An error comes after a part of the answer or after a tool ran: nothing is done twice.',
    holders: [
      csharp('Chat.ToolTurnTests.REL_11_After_a_kill_during_a_tool_call_nothing_is_repeated_and_the_model_is_notified'),
      csharp('Providers.RetryTests.Nothing_is_asked_again_once_a_part_of_the_answer_came'),
      csharp('Chat.FallbackTests.No_fallback_is_used_after_the_first_content'),
    ],
  },
  {
    id: 'REL-12',
    sentence:
      'The certificate is expired, of another host or of nobody, the protocol is old, the proxy refuses: no request, and the reason.',
    holders: [scenario('connections that are not safe')],
  },
  {
    id: 'REL-13',
    sentence:
      'No network, no such host, or the machine slept: an end within 10 s, the question is kept, and the answer goes on after sleep.',
    holders: [scenario('no network, and sleep'), contract('Reports_a_port_without_a_listener')],
  },
  {
    id: 'REL-14',
    sentence:
      'The disk is full at any write: an error is shown, nothing is acknowledged, what was there is there, and it goes on with space.',
    isBlocker: true,
    holders: [
      scenario('no space at each write and sync'),
      scenario('a full disk'),
      csharp('Rpc.DamagedHomeTests.On_a_full_disk_the_draft_is_refused_and_accepted_when_there_is_space_again'),
      csharp('Store.ChatJournalTests.On_a_full_disk_a_message_is_rejected_with_a_reason_and_accepted_when_there_is_space'),
    ],
  },
  {
    id: 'REL-15',
    sentence: 'A sync or a rename fails: as with a full disk.',
    isBlocker: true,
    holders: [scenario('a broken disk at each write and sync')],
  },
  {
    id: 'REL-16',
    sentence:
      'The home is read-only, somebody else’s, missing, a file or a link to nowhere: reading goes on or it is refused in words, and nothing crashes.',
    holders: [
      scenario('strange homes'),
      scenario('a read-only disk'),
      csharp('Rpc.DamagedHomeTests.On_a_read_only_disk_chats_can_be_read_and_writing_reports_the_reason'),
    ],
  },
  {
    id: 'REL-17',
    sentence: 'A crash at any call of a save: the old state or the new one, never a mix.',
    isBlocker: true,
    holders: [
      scenario('killed at each call of a save'),
      csharp('Store.ChatJournalTests.Killed_fifty_times_nothing_acknowledged_is_lost_or_doubled'),
    ],
  },
  {
    id: 'REL-18',
    sentence: 'A chat is damaged, cut, empty, huge or full of zeros: the others open, the damaged part is kept aside, nothing is deleted.',
    isBlocker: true,
    holders: [
      scenario('damaged files'),
      csharp('Rpc.DamagedHomeTests.A_damaged_chat_opens_with_a_notice_and_the_others_as_ever'),
      csharp('Store.DamagedJournalTests.Empty_NUL_filled_and_huge_files_open_and_nothing_is_deleted'),
      csharp('Store.DamagedJournalTests.Damage_in_the_middle_is_copied_to_a_separate_file_and_stays_visible'),
    ],
  },
  {
    id: 'REL-19',
    sentence: 'The vault is damaged: it is refused, the file stays as it is, and no new one is made over it.',
    isBlocker: true,
    holders: [
      scenario('a damaged vault'),
      csharp('Rpc.DamagedHomeTests.A_damaged_vault_reports_the_reason_and_providers_without_keys_work'),
      csharp('Vault.VaultFileTests.A_flipped_bit_in_any_byte_is_noticed'),
      csharp('Vault.VaultFileTests.A_file_cut_at_any_length_is_refused_and_left_as_it_is'),
      csharp('Vault.VaultTests.A_new_vault_is_never_made_over_one_that_exists_even_a_damaged_one'),
    ],
  },
  {
    id: 'REL-20',
    sentence: 'Settings are broken, of wrong types or unknown: defaults count for them, the file stays, and unknown ones outlive a change.',
    holders: [
      csharp('Codices.UserConfigTests.Valid_settings_apply_and_invalid_ones_are_reported'),
      csharp('Codices.UserConfigTests.Choosing_a_provider_keeps_comments_and_unknown_keys'),
      csharp('Codices.UserConfigTests.A_bad_file_is_left_alone'),
      csharp('Codices.FileCodicesTests.A_broken_file_is_listed_with_its_fault_and_hides_no_other'),
    ],
  },
  {
    id: 'REL-21',
    sentence: 'Chats of an older and of a newer version: migrated whole with a backup, or refused in words and left as they are.',
    holders: [
      csharp('Store.MigrationTests.Killed_at_any_moment_of_a_migration_the_file_is_the_old_one_or_the_new_one'),
      csharp('Store.MigrationTests.Without_a_backup_nothing_is_migrated'),
      csharp('Store.DamagedJournalTests.A_journal_of_a_newer_format_is_refused_and_not_touched'),
      csharp('Vault.VaultFileTests.A_later_file_version_is_reported_regardless_of_its_shape'),
    ],
  },
  {
    id: 'REL-22',
    sentence: 'Two windows write to one home and to one chat: both work, and nothing of either is lost.',
    isBlocker: true,
    holders: [
      scenario('two processes, one killed'),
      csharp('Store.TwoWritersTests.A_thousand_messages_of_two_processes_are_all_kept_in_the_order_each_wrote_them'),
      csharp('Rpc.TwoSidecarsTests.Both_windows_write_in_turn_and_while_one_answers_the_other_follows_live'),
      csharp('Vault.VaultTests.Two_windows_that_store_at_the_same_time_lose_nothing'),
      csharp('Codices.VersionTests.Settings_changed_by_two_writers_at_once_are_all_kept'),
    ],
  },
  {
    id: 'REL-23',
    sentence: 'A lock is stale, forged or of somebody who was killed: taken over within 5 s, and no other process is touched.',
    holders: [
      csharp('Store.ChatJournalTests.A_forged_or_stale_lock_file_has_no_effect'),
      csharp('Rpc.TwoSidecarsTests.A_window_that_is_killed_while_it_answers_is_taken_over_within_five_seconds'),
      csharp('Vault.VaultTests.A_holder_that_was_killed_does_not_keep_the_vault_busy'),
    ],
  },
  {
    id: 'REL-24',
    sentence: 'The clock jumps back or far ahead: messages keep their order, waits go on, and nothing is removed for its age.',
    holders: [
      csharp('Rpc.SetClockTests.REL_24_With_any_clock_a_chat_keeps_its_order_and_the_trash_keeps_its_items'),
      csharp('Platform.ExpiryClockTests.REL_24_After_a_jump_ahead_nothing_is_old_for_a_day'),
      csharp('Platform.ExpiryClockTests.REL_24_A_clock_that_is_put_right_counts_at_once'),
      csharp('Providers.Connections.OAuth.OAuthCredentialTests.A_clock_that_is_set_neither_keeps_an_old_token_nor_loses_a_good_one'),
    ],
  },
  {
    id: 'REL-25',
    sentence: 'A chat of 10,000 messages, a message of 1 MiB, 500 chats: it opens within 2 s, and a question adds only itself to the disk.',
    holders: [scenario('a chat of 10,000 messages'), step('longChat', 'A reload comes back to the same place')],
  },
  {
    id: 'REL-26',
    sentence: '200 answers stream at once: none has a word of another, and requests are answered meanwhile.',
    holders: [
      csharp('Rpc.ConcurrentUseTests.Two_hundred_chats_stream_at_once_and_none_sees_the_text_of_another'),
      contract('Two_hundred_answers_at_once_do_not_mix'),
    ],
  },
  {
    id: 'REL-27',
    sentence: 'The window reads nothing: the sidecar neither waits nor grows, and the ending arrives when it reads again.',
    holders: [
      scenario('a window that reads nothing'),
      csharp('Rpc.MessageNotifierTests.Dropped_deltas_leave_a_gap_and_the_final_event_arrives'),
      typescript('webview/chatState', 'asks for the chat again when text was dropped for a slow window'),
    ],
  },
  {
    id: 'REL-28',
    sentence: 'Garbage, unknown methods, wrong ids and 10,000 requests on stdin: each gets its answer or error, and the process lives.',
    holders: [
      csharp('Rpc.GarbageTests.After_garbage_on_stdin_the_next_request_is_answered'),
      csharp('Rpc.MethodFuzzTests.Hostile_messages_of_every_method_end_in_an_answer_and_never_in_an_internal_error_or_a_crash'),
      csharp('Rpc.ParameterTests.A_request_with_a_parameter_that_does_not_fit_is_refused_with_its_path'),
      csharp('Rpc.RpcServerTests.Random_bytes_never_end_the_connection'),
      csharp('Rpc.RpcServerTests.An_unknown_method_returns_method_not_found'),
      csharp('Rpc.RpcServerTests.Requests_cancelled_at_the_moment_they_end_disturb_nothing'),
      scenario('ten thousand requests'),
    ],
  },
  {
    id: 'REL-29',
    sentence: 'Something writes while the protocol is spoken: stdout holds frames and nothing else.',
    holders: [scenario('a noisy environment')],
  },
  {
    id: 'REL-30',
    sentence:
      'The extension host restarts or the window is reloaded: the same chat is there, and a running turn is shown or marked interrupted.',
    holders: [
      csharp('Rpc.SidecarTests.A_snapshot_taken_while_it_streams_and_the_events_after_it_are_the_whole_answer'),
      step('chat', 'A reload of the window shows the same chat, and the draft is kept'),
      step('sideBySide', 'Both are there again after a restart of VS Code'),
      step('hostLoss', 'After the reload it is in the draft, once, and can be sent'),
      csharp('Chat.StopCauseTests.Text_in_progress_at_shutdown_is_kept_and_interrupted'),
    ],
  },
  {
    id: 'REL-31',
    sentence: 'VS Code is killed: the sidecar and all that it started end within 10 s.',
    isBlocker: true,
    holders: [
      scenario('an editor that is killed'),
      csharp('Rpc.SidecarProcessTests.It_ends_by_itself_when_the_editor_closes_its_pipe'),
      csharp('Rpc.SidecarProcessTests.It_ends_by_itself_when_its_parent_dies_and_the_pipe_stays_open'),
      csharp('Rpc.SidecarProcessTests.Processes_left_by_a_killed_sidecar_are_ended_by_the_next'),
    ],
  },
  {
    id: 'REL-32',
    sentence: 'The folder is removed while it is open, or Plue is started in one that is gone: it goes on.',
    holders: [scenario('a folder that is gone'), step('inHost', 'the sidecar can be started again')],
  },
  {
    id: 'REL-33',
    sentence: 'After many turns there is no process too much, no zombie and no open file too much.',
    isBlocker: true,
    holders: [
      scenario('many turns'),
      csharp('Platform.ChildProcessTests.A_hundred_children_leave_no_zombie_and_no_open_file'),
      csharp('Providers.External.ExternalProviderTests.Ended_programs_leave_no_zombies'),
      csharp('Tools.Mcp.McpHostileTests.REL_33_Processes_started_by_a_server_end_with_it'),
    ],
  },
  {
    id: 'REL-34',
    sentence: 'A command starts daemons, works in the background or asks: time ends all of it, and nothing hangs on its pipes.',
    holders: [
      csharp('Tools.BashToolTests.REL_34_Time_ends_the_command_and_all_it_started'),
      csharp('Tools.BashToolTests.REL_34_Background_processes_end_with_the_command_and_their_pipe_blocks_nothing'),
      csharp('Tools.BashToolTests.REL_34_A_command_that_asks_gets_no_answer_and_does_not_wait'),
      csharp('Permissions.SandboxTests.REL_34_Its_end_ends_everything_a_daemon_without_our_mark_too'),
    ],
  },
  {
    id: 'REL-35',
    sentence: 'A command prints without end, a search goes over everything: head and tail are kept, and a stop works within a second.',
    holders: [
      csharp('Tools.BashToolTests.REL_35_A_flood_is_stopped_within_a_second_and_leaves_nothing'),
      csharp('Tools.BashToolTests.REL_35_The_start_and_end_of_output_are_kept_and_the_rest_can_be_read'),
      csharp('Tools.SearchToolTests.REL_35_A_long_search_stops_within_a_second'),
    ],
  },
  {
    id: 'REL-36',
    sentence: 'A file is a pipe, a socket, a device, huge or a circle of links: it is refused, and nothing waits.',
    holders: [
      csharp('Tools.FileToolsTests.REL_36_Special_files_are_rejected_immediately'),
      csharp('Tools.SearchToolTests.REL_36_37_Pipes_keys_binaries_and_names_that_are_no_text_hold_nothing_up'),
      csharp('Chat.AttachmentsTests.Folders_pipes_devices_and_what_is_not_there_are_sentences_and_never_wait'),
      csharp('Platform.RegularFileTests.Opening_a_special_file_fails_immediately_in_each_mode'),
      csharp('Rpc.SpecialFilesTests.With_a_special_file_at_every_path_of_the_data_folder_each_request_is_answered_and_SIGTERM_ends_it'),
    ],
  },
  {
    id: 'REL-37',
    sentence: 'Names and contents that are not UTF-8, marks and mixed line ends: reported or read, and an edit keeps every other byte.',
    holders: [
      csharp('Tools.FileToolsTests.REL_37_An_edit_keeps_the_encoding_the_mark_and_every_other_byte'),
      csharp('Tools.SearchToolTests.REL_36_37_Pipes_keys_binaries_and_names_that_are_no_text_hold_nothing_up'),
      csharp('Edits.EditReviewTests.Encoding_mark_and_line_ends_are_kept'),
    ],
  },
  {
    id: 'REL-38',
    sentence: 'A stop at any event: one ending, nothing is done afterwards, and the next turn is valid.',
    isBlocker: true,
    holders: [
      scenario('stopped at each event'),
      csharp('Chat.ToolTurnTests.REL_38_A_stop_at_any_event_ends_the_turn_once_and_leaves_what_every_vendor_takes'),
      csharp('Chat.StopTests.A_provider_that_does_not_listen_is_left_after_a_moment'),
      csharp('Rpc.ConcurrentUseTests.Sending_stopping_and_deleting_in_any_order_ends_every_request'),
    ],
  },
  {
    id: 'REL-39',
    sentence: 'Somebody has to approve and Plue is killed: nothing runs by itself afterwards, and the question is gone.',
    isBlocker: true,
    holders: [
      scenario('killed while it asks'),
      csharp('Permissions.SharedApprovalsTests.An_approval_cancelled_in_another_window_disappears_and_one_of_a_dead_window_is_dropped'),
      csharp('Rpc.ApprovalHandlersTests.An_answer_to_what_no_longer_waits_is_refused'),
    ],
  },
  {
    id: 'REL-40',
    sentence: 'A server of tools crashes, hangs, floods or offers 10,000 tools: others and the chat go on.',
    holders: [
      csharp('Tools.Mcp.McpHostileTests.REL_40_An_excessive_number_of_tools_is_truncated_and_reported'),
      csharp('Tools.Mcp.McpHostileTests.REL_40_A_flood_of_announcements_costs_one_look'),
      csharp('Tools.Mcp.McpHostileTests.REL_40_A_server_that_crashes_takes_no_other_along_and_is_started_again_with_pauses'),
      csharp('Tools.Mcp.McpHostileTests.REL_40_A_call_that_hangs_ends_at_its_time_and_the_server_goes_on'),
      csharp('Tools.Mcp.McpHostileTests.REL_40_A_server_that_does_not_come_up_is_ended'),
    ],
  },
  {
    id: 'REL-41',
    sentence: 'A file is changed between reading and editing: the edit is refused, and the change of the user stays.',
    holders: [
      csharp('Tools.FileToolsTests.REL_41_A_file_that_changed_since_it_was_read_is_not_changed'),
      csharp('Tools.FileToolsTests.REL_41_A_file_that_changes_while_the_user_is_asked_is_not_changed'),
      csharp('Edits.EditReviewTests.A_place_that_the_user_changed_too_is_a_conflict_and_is_not_overwritten'),
    ],
  },
  {
    id: 'REL-42',
    sentence: 'Another branch changes 50,000 files at once: the window does not stall.',
    holders: [
      typescript('features/chat/composerPanel', 'REL-42 keep the window free while another branch comes with fifty thousand files'),
      typescript('features/edits/reviews', 'REL-42 Fifty thousand files that are not under review cost one question'),
      csharp('Edits.EditLogTests.Five_thousand_files_are_looked_at_again_without_reading_them'),
    ],
  },
  {
    id: 'REL-43',
    sentence: 'Few files may be open, or little memory is to be had: a typed error, and nothing is saved by half.',
    holders: [scenario('few files may be open')],
  },
  {
    id: 'REL-44',
    sentence: 'Hours of turns: memory, open files and files on the disk stay flat after the first ones.',
    holders: [scenario('many turns')],
  },
];
