using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Providers;
using Plue.Server.Providers.ClaudeCode;

namespace Plue.Server.Tests.Providers.ClaudeCode;

/// <summary>Converts CLI output lines to events, without a process.</summary>
public class ClaudeCodeTurnTests
{
    private const string Start =
        """{"type":"stream_event","event":{"type":"message_start","message":{"id":"m1","model":"x","usage":{"input_tokens":1,"output_tokens":1}}}}""";
    private const string Half =
        """{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Half"}}}""";
    private const string Success =
        """{"is_error":false,"stop_reason":"end_turn","result":"Whole","total_cost_usd":0.5,"usage":{"input_tokens":2,"output_tokens":3},"type":"result"}""";

    [Fact]
    public void A_replaced_assistant_line_is_removed() =>
        Check(
            """
            Accepted x
            Text Half
            Restarted
            Text Whole
            Finished EndTurn
            """,
            Start,
            Half,
            """{"type":"assistant","message":{"id":"m2","content":[{"type":"text","text":"Whole"}]}}""",
            Success
        );

    [Fact]
    public void Restarts_from_the_confirmed_content_after_a_retry() =>
        Check(
            """
            Accepted x
            Text Half
            Text More
            Restarted
            Text Half
            Text Whole
            Finished EndTurn
            """,
            Start,
            Half,
            """{"type":"assistant","message":{"id":"m1","content":[{"type":"text","text":"Half"}]}}""",
            Start.Replace("m1", "m2"),
            Half.Replace("Half", "More"),
            """{"type":"system","subtype":"api_retry","attempt":1,"retry_delay_ms":500,"error_status":529}""",
            Start.Replace("m1", "m3"),
            Half.Replace("Half", "Whole"),
            """{"type":"assistant","message":{"id":"m3","content":[{"type":"text","text":"Whole"}]}}""",
            Success
        );

    [Fact]
    public void A_success_without_confirmation_uses_the_text_of_the_result() =>
        Check(
            """
            Accepted x
            Text Half
            Restarted
            Text Whole
            Finished EndTurn
            """,
            Start,
            Half,
            Success
        );

    [Fact]
    public void Lines_of_sub_agents_are_not_the_answer() =>
        Check(
            """
            Text Whole
            Finished EndTurn
            """,
            """{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"no"}},"parent_tool_use_id":"t"}""",
            """{"type":"assistant","message":{"id":"m","content":[{"type":"text","text":"no"}]},"parent_tool_use_id":"t"}""",
            Success
        );

    [Fact]
    public void Keeps_the_text_around_half_an_emoji() =>
        Check(
            """
            Text a�b😀c
            """,
            """{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\ud83db\ud83d\ude00c"}}}"""
        );

    [Fact]
    public void Output_that_stays_too_long_is_an_answer_that_reached_its_limit() =>
        Check(
            """
            Finished MaxTokens
            """,
            """{"type":"assistant","error":"max_output_tokens","message":{"id":"m","model":"<synthetic>","content":[]}}""",
            """{"type":"result","is_error":true,"result":"exceeded"}"""
        );

    [Fact]
    public void The_cost_of_a_turn_is_what_the_process_cost_more()
    {
        var turn = new ClaudeCodeTurn(Failures, costBefore: 0.2m);
        var events = new List<ProviderEvent>();
        turn.Accept(Read(Success), events);
        Assert.Equal(0.3m, events.OfType<ProviderEvent.UsageReported>().Single().VendorCost);
        Assert.Equal(0.5m, turn.TotalCost);
    }

    [Fact]
    public void No_line_of_any_kind_throws() =>
        Prop.ForAll<string, byte[]>(
                (text, bytes) =>
                {
                    ClaudeCodeWire.Read(bytes);
                    ClaudeCodeWire.Read(Encoding.UTF8.GetBytes($"{{\"type\":{text}"));
                    foreach (var line in new[] { Start, Half, Success })
                    {
                        for (var cut = 0; cut < line.Length; cut++)
                        {
                            ClaudeCodeWire.Read(Encoding.UTF8.GetBytes(line[..cut]));
                        }
                    }
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Text_with_any_characters_arrives_unchanged() =>
        Prop.ForAll<string>(text =>
            {
                text ??= "";
                foreach (var said in new[] { text, $"/{text}", $"@{text}", $"a @{text} @/x" })
                {
                    var blocks = ClaudeCodeWire.PlainText(said);
                    Assert.Equal(said, string.Concat(blocks).Replace("\u2060", ""));
                    Assert.False(blocks[^1].StartsWith('/') || blocks[^1].Contains('@'), said);
                    using var line = JsonDocument.Parse(ClaudeCodeWire.User(said, query: true));
                    Assert.DoesNotContain((byte)'\n', ClaudeCodeWire.User(said, query: true));
                }
            })
            .QuickCheckThrowOnFailure();

    private static ClaudeCodeFailures Failures =>
        new(
            new ProviderSettings
            {
                Id = "c",
                Name = "C",
                Kind = ProviderKinds.ClaudeCode,
            },
            TimeProvider.System
        );

    private static ClaudeCodeLine Read(string line) => ClaudeCodeWire.Read(Encoding.UTF8.GetBytes(line));

    private static void Check(string expected, params string[] lines)
    {
        var turn = new ClaudeCodeTurn(Failures, 0);
        var events = new List<ProviderEvent>();
        foreach (var line in lines)
        {
            turn.Accept(Read(line), events);
        }

        Assert.Equal(
            expected.ReplaceLineEndings("\n"),
            string.Join(
                '\n',
                events
                    .Where(happened => happened is not ProviderEvent.UsageReported)
                    .Select(happened =>
                        happened switch
                        {
                            ProviderEvent.TextDelta text => $"Text {text.Text}",
                            ProviderEvent.Accepted accepted => $"Accepted {accepted.ModelId}",
                            ProviderEvent.Finished finished => $"Finished {finished.Reason}",
                            _ => happened.GetType().Name,
                        }
                    )
            )
        );
    }
}
