using System.Text;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Tests.Testing;
using Plue.Server.Transfer;

namespace Plue.Server.Tests.Transfer;

public sealed class SessionImportTests : IDisposable
{
    private const string Png = "iVBORw0KGgoB";
    private readonly TransferFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    private static string[] ClaudeCode =>
        [
            """{"type":"permission-mode","permissionMode":"bypassPermissions","sessionId":"s1"}""",
            """{"parentUuid":null,"isSidechain":false,"type":"user","message":{"role":"user","content":"Fix the build"},"uuid":"u1","timestamp":"2026-02-01T10:00:00.000Z","sessionId":"s1","cwd":"/home/x","version":"2.1.0"}""",
            """{"parentUuid":"u1","type":"attachment","attachment":{"type":"skills"},"uuid":"at1","timestamp":"2026-02-01T10:00:00.100Z","sessionId":"s1"}""",
            """{"parentUuid":"at1","type":"assistant","message":{"id":"msg_1","model":"claude-opus-9","role":"assistant","content":[{"type":"thinking","thinking":"Let me look.","signature":"c2ln"}],"usage":{"input_tokens":3,"cache_read_input_tokens":10,"cache_creation_input_tokens":5,"output_tokens":1}},"requestId":"r1","uuid":"a1","timestamp":"2026-02-01T10:00:01.000Z","sessionId":"s1"}""",
            """{"parentUuid":"a1","type":"assistant","message":{"id":"msg_1","model":"claude-opus-9","role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command":"make"}}],"usage":{"input_tokens":3,"cache_read_input_tokens":10,"cache_creation_input_tokens":5,"output_tokens":7}},"uuid":"a2","timestamp":"2026-02-01T10:00:02.000Z","sessionId":"s1"}""",
            """{"parentUuid":"a2","type":"assistant","message":{"id":"msg_1","model":"claude-opus-9","role":"assistant","content":[{"type":"tool_use","id":"toolu_2","name":"Read","input":{"path":"a"}}]},"uuid":"a3","timestamp":"2026-02-01T10:00:02.500Z","sessionId":"s1"}""",
            """{"parentUuid":"a2","type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"error: x","is_error":true}]},"uuid":"t1","timestamp":"2026-02-01T10:00:03.000Z","toolUseResult":{"stdout":""},"sessionId":"s1"}""",
            """{"parentUuid":"a3","type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_2","content":[{"type":"text","text":"file a"},{"type":"image","source":{}}]}]},"uuid":"t2","timestamp":"2026-02-01T10:00:03.500Z","sessionId":"s1"}""",
            """{"parentUuid":"t2","isSidechain":true,"type":"user","message":{"role":"user","content":"agent"},"uuid":"sc1","timestamp":"2026-02-01T10:00:04.000Z","sessionId":"s1"}""",
            """{"parentUuid":"t2","type":"assistant","message":{"id":"msg_2","model":"claude-opus-9","role":"assistant","content":[{"type":"text","text":"Done."}],"usage":{"input_tokens":4,"output_tokens":2}},"uuid":"a4","timestamp":"2026-02-01T10:00:05.000Z","sessionId":"s1"}""",
            """{"parentUuid":"a4","type":"user","isMeta":true,"message":{"role":"user","content":"Caveat"},"uuid":"m1","timestamp":"2026-02-01T10:01:00.000Z","sessionId":"s1"}""",
            """{"parentUuid":"m1","type":"user","message":{"role":"user","content":"<command-name>/model</command-name>"},"uuid":"c1","timestamp":"2026-02-01T10:01:01.000Z","sessionId":"s1"}""",
            $$$"""{"parentUuid":"c1","type":"user","message":{"role":"user","content":[{"type":"text","text":"And this?"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{{Png}}}"}}]},"uuid":"u2","timestamp":"2026-02-01T10:02:00.000Z","sessionId":"s1"}""",
            """{"parentUuid":"u2","type":"assistant","message":{"id":"msg_3","model":"claude-opus-9","role":"assistant","content":[{"type":"text","text":"A picture."}]},"uuid":"a5","timestamp":"2026-02-01T10:02:05.000Z","sessionId":"s1"}""",
            """{"parentUuid":"a5","type":"user","message":{"role":"user","content":[{"type":"text","text":"[Request interrupted by user]"}]},"uuid":"i1","timestamp":"2026-02-01T10:02:06.000Z","sessionId":"s1"}""",
            """{"parentUuid":"c1","type":"user","message":{"role":"user","content":"And that instead?"},"uuid":"u3","timestamp":"2026-02-01T10:03:00.000Z","sessionId":"s1"}""",
            """{"parentUuid":"u3","type":"assistant","isApiErrorMessage":true,"message":{"id":"msg_4","model":"<synthetic>","role":"assistant","content":[{"type":"text","text":"API Error: overloaded"}]},"uuid":"a6","timestamp":"2026-02-01T10:03:05.000Z","sessionId":"s1"}""",
            """{"parentUuid":null,"logicalParentUuid":"a6","type":"system","subtype":"compact_boundary","content":"Conversation compacted","uuid":"b1","timestamp":"2026-02-01T10:04:00.000Z","compactMetadata":{"trigger":"manual","preTokens":9},"sessionId":"s1"}""",
            """{"parentUuid":"b1","type":"user","isCompactSummary":true,"isVisibleInTranscriptOnly":true,"message":{"role":"user","content":"This session is being continued."},"uuid":"b2","timestamp":"2026-02-01T10:04:01.000Z","sessionId":"s1"}""",
            """{"parentUuid":"b2","type":"user","message":{"role":"user","content":"Go on"},"uuid":"u4","timestamp":"2026-02-01T10:05:00.000Z","sessionId":"s1"}""",
            """{"type":"summary","summary":"Building again","leafUuid":"a4"}""",
        ];

    private static string[] Rollout =>
        [
            """{"timestamp":"2026-02-01T10:00:00.000Z","type":"session_meta","payload":{"id":"r1","timestamp":"2026-02-01T10:00:00.000Z","cwd":"/x","cli_version":"0.90.0","instructions":null,"base_instructions":{"text":"be good"}}}""",
            """{"timestamp":"2026-02-01T10:00:00.000Z","type":"response_item","payload":{"type":"message","role":"developer","content":[{"type":"input_text","text":"rules"}]}}""",
            """{"timestamp":"2026-02-01T10:00:00.100Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n<cwd>/x</cwd>"}]}}""",
            $$$"""{"timestamp":"2026-02-01T10:00:01.000Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"List the files"},{"type":"input_image","image_url":"data:image/png;base64,{{{Png}}}"}]}}""",
            """{"timestamp":"2026-02-01T10:00:01.000Z","type":"event_msg","payload":{"type":"user_message","message":"List the files"}}""",
            """{"timestamp":"2026-02-01T10:00:01.000Z","type":"turn_context","payload":{"cwd":"/x","approval_policy":"never","sandbox_policy":{"type":"danger-full-access"},"model":"gpt-9-codex"}}""",
            """{"timestamp":"2026-02-01T10:00:02.000Z","type":"response_item","payload":{"type":"reasoning","summary":[{"type":"summary_text","text":"**Listing**"}],"content":null,"encrypted_content":"gAAAA"}}""",
            """{"timestamp":"2026-02-01T10:00:03.000Z","type":"response_item","payload":{"type":"function_call","name":"shell","arguments":"{\"command\":[\"ls\"]}","call_id":"c1"}}""",
            """{"timestamp":"2026-02-01T10:00:04.000Z","type":"response_item","payload":{"type":"function_call_output","call_id":"c1","output":"a.txt"}}""",
            """{"timestamp":"2026-02-01T10:00:04.500Z","type":"response_item","payload":{"type":"custom_tool_call","name":"apply_patch","input":"*** \"Begin\"","call_id":"c2","status":"completed"}}""",
            """{"timestamp":"2026-02-01T10:00:04.600Z","type":"response_item","payload":{"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"ok"}]}}""",
            """{"timestamp":"2026-02-01T10:00:04.700Z","type":"response_item","payload":{"type":"local_shell_call","call_id":"c3","status":"completed","action":{"type":"exec","command":["pwd"]}}}""",
            """{"timestamp":"2026-02-01T10:00:05.000Z","type":"response_item","payload":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"One file."}]}}""",
            """{"timestamp":"2026-02-01T10:00:05.100Z","type":"event_msg","payload":{"type":"token_count","info":{"last_token_usage":{"input_tokens":20,"cached_input_tokens":5,"output_tokens":6,"reasoning_output_tokens":2}}}}""",
            """{"timestamp":"2026-02-01T10:01:00.000Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"Delete it"}]}}""",
            """{"timestamp":"2026-02-01T10:01:01.000Z","type":"event_msg","payload":{"type":"thread_rolled_back","num_turns":1}}""",
            """{"timestamp":"2026-02-01T10:02:00.000Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"Keep it"}]}}""",
            """{"timestamp":"2026-02-01T10:02:01.000Z","type":"compacted","payload":{"message":"We listed files."}}""",
        ];

    [Theory]
    [InlineData(".claude/projects/-home-user-fruit/s.jsonl", "claude-code.jsonl", "Read", "Claude Code (imported)", "claude-sonnet-4-6")]
    [InlineData(".codex/sessions/2026/11/24/rollout-s.jsonl", "codex.jsonl", "exec_command", "Codex (imported)", "gpt-5.5")]
    public void A_session_that_the_program_wrote_becomes_a_chat_with_its_tool_call(
        string path,
        string sample,
        string tool,
        string program,
        string model
    )
    {
        var chat = fixture.Imported(fixture.Write(path, File.ReadAllBytes(Samples.Of(sample))));
        Assert.Equal(
            ["What is in notes.txt?", "It lists apples and pears.", "Thanks", "You are welcome."],
            chat.Messages.Select(message => message.Text)
        );
        var answer = chat.Messages[1];
        Assert.Equal(["ToolUse", "ToolResult", "Text"], answer.Parts.Select(part => part.GetType().Name));
        Assert.Equal(tool, Assert.IsType<MessagePart.ToolUse>(answer.Parts[0]).ToolName);
        Assert.Contains("Apples", Assert.IsType<MessagePart.ToolResult>(answer.Parts[1]).Result, StringComparison.Ordinal);
        Assert.All(
            new[] { answer, chat.Messages[3] },
            response =>
            {
                Assert.Equal(new ProviderInfo(program, model), response.ProviderInfo);
                Assert.True(response.Usage is { InputTokens: > 0, OutputTokens: > 0 });
                Assert.Equal(MessageStatus.Complete, response.Status);
            }
        );
        Assert.Equal(new DateTime(2026, 11, 24), chat.CreatedAt.UtcDateTime.Date);
    }

    [Fact]
    public void A_Claude_Code_session_becomes_a_chat_with_its_tools_branches_and_times()
    {
        var path = fixture.Write("p/s1.jsonl", ClaudeCode);
        var report = fixture.Run(path);
        Assert.Empty(report.Failed);
        var chat = fixture.Chats.Read(Assert.Single(report.ChatIds));
        Assert.Equal("Building again", chat.Title);
        Assert.Equal(
            ["Fix the build", "Done.", "And that instead?", "", "This session is being continued.", "Go on"],
            chat.Messages.Select(message => message.Text)
        );
        Assert.Equal(DateTimeOffset.Parse("2026-02-01T10:00:00Z"), chat.CreatedAt);
        Assert.Equal(DateTimeOffset.Parse("2026-02-01T10:05:00Z"), chat.UpdatedAt);

        var answer = chat.Messages[1];
        Assert.Equal(
            ["Reasoning", "ToolUse", "ToolUse", "ToolResult", "ToolResult", "Text"],
            answer.Parts.Select(part => part.GetType().Name)
        );
        Assert.Equal(new MessagePart.ToolUse("toolu_1", "Bash", """{"command":"make"}"""), answer.Parts[1]);
        Assert.Equal(new MessagePart.ToolResult("toolu_1", null, "error: x"), answer.Parts[3]);
        Assert.Equal(new MessagePart.ToolResult("toolu_2", "file a", null), answer.Parts[4]);
        Assert.Equal(
            (22L, 9L, 10L, 5L),
            (answer.Usage?.InputTokens, answer.Usage?.OutputTokens, answer.Usage?.CachedReadTokens, answer.Usage?.CachedWriteTokens)
        );
        Assert.Equal(new ProviderInfo("Claude Code (imported)", "claude-opus-9"), answer.ProviderInfo);
        Assert.True(answer.IsCopy);

        var other = chat.Tree.Find(chat.Tree.AlternativesOf(chat.Messages[2])[0])!;
        Assert.Equal("And this?", other.Text);
        var image = Assert.IsType<MessagePart.File>(other.Parts[1]);
        Assert.Equal(Convert.FromBase64String(Png), fixture.Blobs.Read(image.Blob!));
        Assert.Equal(MessageStatus.Stopped, chat.Tree.Find(chat.Tree.LeafOf(other.Id))!.Status);
        Assert.Equal((MessageStatus.Failed, "API Error: overloaded"), (chat.Messages[3].Status, chat.Messages[3].Error?.Message));
        Assert.Equal((MessageRole.System, 4), (chat.Messages[4].Role, chat.Messages[4].Compaction?.Messages));
        Assert.Equal(
            [
                "2 metadata entries were omitted.",
                "1 encrypted reasoning block can be used only by its vendor; its readable part was imported.",
                "1 image in a tool result was omitted.",
                "1 message of a subagent conversation was omitted.",
                "1 message that the program added for the model was omitted.",
                "1 local command was omitted.",
            ],
            report.Omitted
        );
    }

    [Fact]
    public void A_Codex_rollout_becomes_a_chat_with_its_tools_and_what_was_rolled_back()
    {
        var report = fixture.Run(fixture.Write("rollout-1.jsonl", Rollout));
        Assert.Empty(report.Failed);
        var chat = fixture.Chats.Read(Assert.Single(report.ChatIds));
        Assert.Equal(["List the files", "One file.", "Keep it", "We listed files."], chat.Messages.Select(message => message.Text));
        var answer = chat.Messages[1];
        Assert.Equal(
            ["Reasoning", "ToolUse", "ToolResult", "ToolUse", "ToolResult", "ToolUse", "Text"],
            answer.Parts.Select(part => part.GetType().Name)
        );
        Assert.Equal(new MessagePart.ToolUse("c1", "shell", """{"command":["ls"]}"""), answer.Parts[1]);
        Assert.Equal(new MessagePart.ToolUse("c2", "apply_patch", """{"input":"*** \"Begin\""}"""), answer.Parts[3]);
        Assert.Equal(new MessagePart.ToolResult("c2", "ok", null), answer.Parts[4]);
        Assert.Equal(new MessagePart.ToolUse("c3", "local_shell", """{"type":"exec","command":["pwd"]}"""), answer.Parts[5]);
        Assert.Equal(
            (20L, 6L, 5L, 2L),
            (answer.Usage?.InputTokens, answer.Usage?.OutputTokens, answer.Usage?.CachedReadTokens, answer.Usage?.ReasoningTokens)
        );
        Assert.Equal(new ProviderInfo("Codex (imported)", "gpt-9-codex"), answer.ProviderInfo);
        Assert.Equal("Delete it", chat.Tree.Find(chat.Tree.AlternativesOf(chat.Messages[2])[0])!.Text);
        Assert.Equal(
            [
                "2 messages that the program added for the model were omitted.",
                "1 encrypted reasoning block can be used only by its vendor; its readable part was imported.",
            ],
            report.Omitted
        );
    }

    [Fact]
    public void An_old_rollout_with_bare_items_is_read_too()
    {
        var chat = fixture.Imported(
            fixture.Write(
                "rollout-old.jsonl",
                """{"id":"old","timestamp":"2025-06-01T10:00:00.000Z","instructions":null}""",
                """{"record_type":"state"}""",
                """{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}""",
                """{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]}"""
            )
        );
        Assert.Equal(["Hi", "Hello"], chat.Messages.Select(message => message.Text));
    }

    [Fact]
    public void A_folder_is_searched_without_following_links_out_of_it()
    {
        fixture.Write("in/p/s1.jsonl", ClaudeCode);
        fixture.Write("in/p/s1/subagents/agent-x.jsonl", ClaudeCode);
        fixture.Write("in/2026/01/01/rollout-1.jsonl", Rollout);
        fixture.Write("in/package.json", "{}");
        fixture.Write("elsewhere/other.jsonl", ClaudeCode.Select(line => line.Replace("s1", "s9", StringComparison.Ordinal)));
        Directory.CreateSymbolicLink(Path.Combine(fixture.Outside, "in/link"), Path.Combine(fixture.Outside, "elsewhere"));
        File.CreateSymbolicLink(Path.Combine(fixture.Outside, "in/link.jsonl"), Path.Combine(fixture.Outside, "elsewhere/other.jsonl"));
        var report = fixture.Run(Path.Combine(fixture.Outside, "in"));
        Assert.Empty(report.Failed);
        Assert.Equal(2, report.ChatIds.Count);
        Assert.Contains("1 file in the folders is not a supported chat.", report.Omitted);
    }

    [Fact]
    public void A_repeated_import_is_reported_and_creates_a_copy_only_on_request()
    {
        var path = fixture.Write("s1.jsonl", ClaudeCode);
        var first = fixture.Imported(path);
        var refused = fixture.Run(path);
        Assert.Empty(refused.ChatIds);
        Assert.Equal((path, first.Id), (Assert.Single(refused.Failed).Path, refused.Failed[0].ExistingChatId));
        var second = Assert.Single(fixture.Run(path, again: true).ChatIds);
        Assert.NotEqual(first.Id, second);
        Assert.Equal(TransferFixture.Shape(first), TransferFixture.Shape(fixture.Chats.Read(second)));
    }

    [Fact]
    public async Task An_imported_chat_opens_and_goes_on_like_any_other()
    {
        var chat = fixture.Imported(fixture.Write("s1.jsonl", ClaudeCode));
        await using (var journal = await fixture.Chats.OpenAsync(chat.Id, CancellationToken.None))
        {
            await journal.AppendAsync(
                TransferFixture.Question(new MessagePart.Text("More")) with
                {
                    ParentId = chat.Tree.Head,
                },
                CancellationToken.None
            );
        }

        var later = fixture.Chats.Read(chat.Id);
        Assert.Null(later.Notice);
        Assert.Equal([.. chat.Messages.Select(message => message.Text), "More"], later.Messages.Select(message => message.Text));
        Assert.True(string.CompareOrdinal(chat.Tree.Head, later.Tree.Head) < 0);
        Assert.Single(fixture.Chats.List());
    }

    [Fact]
    public void Known_secrets_are_masked_on_the_way_in()
    {
        fixture.Redactor.Register("hunter2-hunter2");
        var lines = ClaudeCode.Select(line =>
            line.Replace("make", "curl hunter2-hunter2", StringComparison.Ordinal)
                .Replace("Fix the build", "Use hunter2-hunter2", StringComparison.Ordinal)
        );
        var chat = fixture.Imported(fixture.Write("s1.jsonl", lines));
        Assert.DoesNotContain("hunter2-hunter2", File.ReadAllText(Path.Combine(fixture.Home, "codices", "chats", chat.Id + ".jsonl")));
    }

    [Fact]
    public void Cut_off_or_scrambled_files_give_a_whole_chat_or_none()
    {
        foreach (var lines in new[] { ClaudeCode, Rollout })
        {
            var complete = Encoding.UTF8.GetBytes(string.Join('\n', lines));
            for (var length = 0; length < complete.Length; length += 61)
            {
                CheckWhole(complete[..length]);
            }

            foreach (var (at, value) in Gen.Sample(Gen.Zip(Gen.Choose(0, complete.Length - 1), Gen.Choose(0, 255)), 10, 150))
            {
                var scrambled = complete.ToArray();
                scrambled.AsSpan(at, Math.Min(at % 7, complete.Length - at)).Fill((byte)value);
                CheckWhole(scrambled);
            }
        }
    }

    [Fact]
    public void Members_of_the_wrong_type_are_skipped()
    {
        string[] odd = ["null", "5", "[]", "{}", "\"x\"", "[null,1,{\"type\":5}]", "\"\\ud800\""];
        foreach (var lines in new[] { ClaudeCode, Rollout })
        {
            foreach (
                var (value, member) in odd.SelectMany(value =>
                    new[]
                    {
                        "message",
                        "content",
                        "payload",
                        "type",
                        "uuid",
                        "parentUuid",
                        "usage",
                        "input",
                        "timestamp",
                        "summary",
                        "call_id",
                        "text",
                        "role",
                    }.Select(member => (value, member))
                )
            )
            {
                CheckWhole(
                    Encoding.UTF8.GetBytes(
                        string.Join(
                            '\n',
                            lines.Select(line =>
                                System.Text.RegularExpressions.Regex.Replace(
                                    line,
                                    $"\"{member}\":(\"[^\"]*\"|null|[0-9]+)",
                                    $"\"{member}\":{value}"
                                )
                            )
                        )
                    )
                );
            }
        }
    }

    [Fact]
    public void Garbage_between_the_lines_is_counted()
    {
        var report = fixture.Run(fixture.Write("s1.jsonl", ["not json", .. ClaudeCode, "{\"half\":", "[1]", ""]));
        Assert.Single(report.ChatIds);
        Assert.Contains("3 entries could not be read.", report.Omitted);
    }

    [Fact]
    public void A_line_over_the_limit_is_skipped_and_the_rest_is_imported()
    {
        var path = fixture.Write("s1.jsonl", ClaudeCode[..2]);
        using (var file = new FileStream(path, FileMode.Append))
        {
            file.Write(new byte[65 * 1024 * 1024]);
            file.Write(Encoding.UTF8.GetBytes("\n" + ClaudeCode[3]));
        }

        var report = fixture.Run(path);
        Assert.Equal(2, fixture.Chats.Read(Assert.Single(report.ChatIds)).Messages.Count);
        Assert.Contains("1 line was longer than 64 MiB and was skipped.", report.Omitted);
    }

    [Fact]
    public void Files_and_chats_beyond_the_caps_are_refused_whole()
    {
        var large = fixture.Write("large.jsonl", ClaudeCode);
        using (var file = new FileStream(large, FileMode.Open))
        {
            file.SetLength(513L * 1024 * 1024);
        }
        var many = fixture.Write(
            "many.jsonl",
            Enumerable.Range(0, 200_001).Select(i => $$$"""{"type":"user","uuid":"{{{i}}}","sessionId":"m","message":{"content":"x"}}""")
        );
        var report = fixture.Import.Run([large, many], null, false, CancellationToken.None);
        Assert.Equal(
            [
                "This file is larger than 512 MiB. Split it and import the parts.",
                "The file has more than 200,000 messages, the maximum for one chat. Split it and import the parts.",
            ],
            report.Failed.Select(failure => failure.Message)
        );
        Assert.Empty(fixture.Files);
    }

    [Fact]
    public void Each_file_that_cannot_be_imported_reports_the_reason_and_the_others_are_imported()
    {
        var good = fixture.Write("s1.jsonl", ClaudeCode);
        var text = fixture.Write("notes.txt", "hello");
        var missing = Path.Combine(fixture.Outside, "gone.jsonl");
        var report = fixture.Import.Run([text, missing, "/dev/zero", "relative.jsonl", good], null, false, CancellationToken.None);
        Assert.Single(report.ChatIds);
        Assert.Equal([text, missing, "/dev/zero", "relative.jsonl"], report.Failed.Select(failure => failure.Path));
        Assert.StartsWith("The file format is not supported. Choose a chat of Plue,", report.Failed[0].Message);
        Assert.Equal("The file no longer exists. Choose another.", report.Failed[1].Message);
        Assert.Equal("This is not a regular file. Choose another.", report.Failed[2].Message);
    }

    [Fact]
    public void A_cancelled_import_leaves_nothing_behind()
    {
        var path = fixture.Write("s1.jsonl", ClaudeCode);
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => fixture.Import.Run([path], null, false, stop.Token));
        Assert.Empty(fixture.Files);
    }

    [Fact]
    public void Sessions_of_this_machine_are_listed_with_title_and_what_was_imported()
    {
        var path = fixture.Write(".claude/projects/-x/s1.jsonl", ClaudeCode);
        fixture.Write(".codex/sessions/2026/02/01/rollout-1.jsonl", Rollout);
        var found = Assert.Single(fixture.Import.Find(SessionFormat.ClaudeCode, null, CancellationToken.None).Sessions);
        Assert.Equal((path, "Building again", new FileInfo(path).Length, null), (found.Path, found.Title, found.Size, found.ChatId));
        Assert.Equal(
            "List the files",
            Assert.Single(fixture.Import.Find(SessionFormat.Codex, null, CancellationToken.None).Sessions).Title
        );
        var chat = fixture.Imported(path);
        Assert.Equal(chat.Id, Assert.Single(fixture.Import.Find(SessionFormat.ClaudeCode, null, CancellationToken.None).Sessions).ChatId);
    }

    [Fact]
    public async Task An_importing_window_is_notified_of_the_new_chat()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var path = fixture.Write("s1.jsonl", ClaudeCode);
        var result = await sidecar.Client.ResultAsync("codex/import", new { paths = new[] { path }, format = "auto" });
        var uri = (string?)result?["imported"]?[0]?["uri"];
        Assert.Equal(uri, (string?)(await sidecar.Client.NextAsync("codex/changed"))["uri"]);
        Assert.Equal(
            "Fix the build",
            (string?)(await sidecar.Client.ResultAsync("codex/get", new { uri }))?["messages"]?[0]?["parts"]?[0]?["content"]
        );
        var again = await sidecar.Client.ResultAsync("codex/import", new { paths = new[] { path } });
        Assert.Equal(uri, (string?)again?["failed"]?[0]?["uri"]);
        var listed = await sidecar.Client.ResultAsync("codex/importable", new { format = "claudeCode", paths = new[] { fixture.Outside } });
        Assert.Equal(uri, (string?)listed?["sessions"]?[0]?["uri"]);
    }

    /// <summary>Asserts that the import either creates a readable chat, or fails without creating a file.</summary>
    private void CheckWhole(byte[] content)
    {
        var before = fixture.Files;
        var report = fixture.Run(fixture.Write("broken.jsonl", content), again: true);
        if (report.ChatIds.Count == 0)
        {
            Assert.Single(report.Failed);
            Assert.Equal(before, fixture.Files);
            return;
        }

        var chat = fixture.Chats.Read(Assert.Single(report.ChatIds));
        Assert.Null(chat.Notice);
        Assert.NotEmpty(chat.Messages);
        Assert.Equal(chat.Tree.Count, chat.Tree.DescendantsOf("").Count - 1);
    }
}
