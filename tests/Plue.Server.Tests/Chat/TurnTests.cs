using Plue.Server.Messages;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Chat;

public class TurnTests
{
    [Fact]
    public Task A_plain_response_is_stored_before_it_is_reported_as_finished() =>
        TurnTranscript.CheckAsync(
            script: """
            waiting: the model
            text: Hello
            text: world
            usage: 1000 500
            finish: EndTurn
            """,
            expected: """
            turnStarted
            messageStarted
            waiting the model
            partial 0 Hello
            textDelta 0 Hello
            partial 0 world
            textDelta 0 world
            stored Complete: Helloworld $0.002
            messageFinished Complete
            turnFinished EndTurn
            """
        );

    [Fact]
    public Task Reasoning_and_text_are_parts_of_their_own_and_the_signature_is_kept() =>
        TurnTranscript.CheckAsync(
            script: """
            reasoning: Let me
            reasoning: see
            signature: sig
            text: Yes
            finish: EndTurn
            """,
            expected: """
            turnStarted
            messageStarted
            partial 0 Let me
            reasoningDelta 0 Let me
            partial 0 see
            reasoningDelta 0 see
            partial 1 Yes
            textDelta 1 Yes
            stored Complete: (Let mesee sig) | Yes
            messageFinished Complete
            turnFinished EndTurn
            """
        );

    [Fact]
    public Task A_tool_that_the_vendor_ran_is_shown_with_its_result() =>
        TurnTranscript.CheckAsync(
            script: """
            call: read {"path":"a.ts"}
            result: 12 lines
            text: Done
            finish: EndTurn
            """,
            expected: """
            turnStarted
            messageStarted
            toolCallStarted 0 read
            toolCallDelta 0 {"path":"a.ts"}
            toolCallFinished 12 lines
            partial 2 Done
            textDelta 2 Done
            stored Complete: read {"path":"a.ts"} | = 12 lines | Done
            messageFinished Complete
            turnFinished EndTurn
            """
        );

    [Fact]
    public Task A_call_of_a_missing_tool_gets_a_result_so_that_the_history_stays_valid() =>
        TurnTranscript.CheckAsync(
            script: """
            call: fly {}
            finish: ToolUse
            """,
            expected: """
            turnStarted
            messageStarted
            toolCallStarted 0 fly
            toolCallDelta 0 {}
            toolCallFinished There is no tool named fly.
            stored Complete: fly {} | = There is no tool named fly.
            messageFinished Complete
            turnFinished ToolUse
            """
        );

    [Fact]
    public Task A_restarted_answer_keeps_nothing_of_what_was_not_confirmed() =>
        TurnTranscript.CheckAsync(
            script: """
            text: Wrong
            restart: the connection was lost
            text: Right
            finish: EndTurn
            """,
            expected: """
            turnStarted
            messageStarted
            partial 0 Wrong
            textDelta 0 Wrong
            partial reset
            restarted the connection was lost
            partial 0 Right
            textDelta 0 Right
            stored Complete: Right
            messageFinished Complete
            turnFinished EndTurn
            """
        );

    [Fact]
    public Task A_failure_keeps_the_text_so_far_and_its_sentence_without_secrets() =>
        TurnTranscript.CheckAsync(
            script: """
            text: Half
            fail: Overloaded The key hunter2 was refused.
            """,
            expected: """
            turnStarted
            messageStarted
            partial 0 Half
            textDelta 0 Half
            stored Failed: Half
            messageFinished Failed
            turnFinished Failed Overloaded: The key *** was refused.
            """
        );

    [Fact]
    public Task A_stream_without_an_end_is_a_cut_stream() =>
        TurnTranscript.CheckAsync(
            script: "text: Half",
            expected: """
            turnStarted
            messageStarted
            partial 0 Half
            textDelta 0 Half
            stored Failed: Half
            messageFinished Failed
            turnFinished Failed CutStream: The response from The script ended before it was complete.
            """
        );

    [Fact]
    public Task Stopping_keeps_what_was_written_and_ends_once() =>
        TurnTranscript.CheckAsync(
            script: """
            text: Half
            call: read {}
            hold
            """,
            expected: """
            turnStarted
            messageStarted
            partial 0 Half
            textDelta 0 Half
            toolCallStarted 1 read
            toolCallDelta 1 {}
            toolCallFinished Interrupted.
            stored Stopped: Half | read {} | = Interrupted.
            messageFinished Stopped
            turnFinished Stopped
            """,
            stopAtHold: true
        );

    [Fact]
    public Task A_provider_that_throws_still_ends_the_turn() =>
        TurnTranscript.CheckAsync(
            script: "throw: boom hunter2",
            expected: """
            turnStarted
            messageStarted
            stored Failed:
            messageFinished Failed
            turnFinished Failed Internal: The script failed with an internal error: boom ***
            """
        );

    [Fact]
    public Task A_response_that_cannot_be_stored_is_reported_as_lost_and_stays_visible() =>
        TurnTranscript.CheckAsync(
            script: """
            text: Hello
            finish: EndTurn
            """,
            expected: """
            turnStarted
            messageStarted
            partial 0 Hello
            textDelta 0 Hello
            messageFinished Failed
            turnFinished Failed StoreReadOnly: The disk is full.
            """,
            store: _ => throw new FailureException(FailureKind.StoreReadOnly, "The disk is full.")
        );
}
