using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Audit;
using Plue.Server.Cli;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Store;
using Plue.Server.Tests.Store;

namespace Plue.Server.Tests.Audit;

public sealed class AuditExportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plue-audit-").FullName;
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    private string Home => Path.Combine(folder, "home");
    private string ExportFile => Path.Combine(folder, "audit.jsonl");
    private PluePaths Paths => new(Home) { AddedPolicy = File.Exists(PolicyFile) ? PolicyFile : null };
    private string PolicyFile => Path.Combine(folder, "policy.json5");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_home_with_a_call_a_refusal_and_a_rule_becomes_one_line_each()
    {
        File.WriteAllText(PolicyFile, "{ denied_tools: ['fetch'] }");
        var chat = await WriteChatAsync();
        new StoredRules(Paths, TimeProvider.System).Add("bash(ls *)", folder);
        PolicyRefusals.Record(Paths, TimeProvider.System, "Your organization's policy (p) does not allow the tool fetch.", chat);

        Assert.Equal(0, await RunAsync("export", "--out", ExportFile));
        var lines = Lines();
        Assert.Equal(
            ["export", "permission_rule", "policy_refusal", "chat", "tool_call", "hook", "request", "end"],
            lines.Select(line => line.GetProperty("type").GetString())
        );
        Assert.Equal(
            (PolicyFile, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(PolicyFile)))),
            (
                lines[0].GetProperty("policies")[0].GetProperty("path").GetString(),
                lines[0].GetProperty("policies")[0].GetProperty("sha256").GetString()
            )
        );
        Assert.Equal("bash(ls *)", lines[1].GetProperty("rule").GetString());
        Assert.Equal(chat, lines[2].GetProperty("codex").GetString());
        var call = lines[4];
        Assert.Equal(
            ("bash", "done", "user", "once"),
            (
                call.GetProperty("tool").GetString(),
                call.GetProperty("outcome").GetString(),
                call.GetProperty("approval").GetProperty("decided_by").GetString(),
                call.GetProperty("approval").GetProperty("decision").GetString()
            )
        );
        Assert.Equal("format", lines[5].GetProperty("name").GetString());
        var request = lines[6];
        Assert.Equal(
            ("anthropic", "claude-test", 100, 20, 0.5m),
            (
                request.GetProperty("provider").GetString(),
                request.GetProperty("model").GetString(),
                request.GetProperty("input_tokens").GetInt32(),
                request.GetProperty("output_tokens").GetInt32(),
                request.GetProperty("cost_usd").GetDecimal()
            )
        );
        Assert.Equal(8, lines[7].GetProperty("lines").GetInt32());
        Assert.DoesNotContain("ls -la", File.ReadAllText(ExportFile), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(ExportFile));
        }
    }

    [Fact]
    public async Task Content_is_included_only_if_it_is_asked_for()
    {
        await WriteChatAsync();
        Assert.Equal(0, await RunAsync("export", "--content", "--out", ExportFile));
        var lines = Lines();
        Assert.Equal("List it", Typed(lines, "message")[0].GetProperty("text").GetString());
        Assert.Equal("""{"command":"ls -la"}""", Typed(lines, "tool_call")[0].GetProperty("parameters").GetString());
    }

    [Fact]
    public async Task A_message_that_was_written_twice_counts_once_and_a_copy_or_an_import_not_at_all()
    {
        await WriteChatAsync(twice: true, copy: true);
        Assert.Equal(0, await RunAsync("export", "--out", ExportFile));
        Assert.Single(Typed(Lines(), "tool_call"));
    }

    [Fact]
    public async Task Days_limit_the_export()
    {
        await WriteChatAsync();
        Assert.Equal(0, await RunAsync("export", "--to", "2001-01-01", "--out", ExportFile));
        Assert.Equal(["export", "end"], Lines().Select(line => line.GetProperty("type").GetString()));
        Assert.Equal(2, await RunAsync("export", "--from", "yesterday", "--out", ExportFile));
    }

    [Fact]
    public async Task An_existing_file_is_kept()
    {
        File.WriteAllText(ExportFile, "mine");
        Assert.Equal(1, await RunAsync("export", "--out", ExportFile));
        Assert.Equal("mine", File.ReadAllText(ExportFile));
        Assert.Contains("Choose another file.", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unchanged_file_is_verified_by_its_hash()
    {
        await WriteChatAsync();
        Assert.Equal(0, await RunAsync("export", "--out", ExportFile));
        var hash = Lines()[^1].GetProperty("sha256").GetString()!;
        Assert.Contains(hash, output.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync("verify", ExportFile, "--sha256", hash));
        Assert.Equal(1, await RunAsync("verify", ExportFile, "--sha256", new string('0', 64)));
    }

    public static TheoryData<string, int> Edits =>
        new()
        {
            { "change", 3 },
            { "remove", 3 },
            { "swap", 3 },
            { "duplicate", 4 },
            { "cut the last line", 5 },
            { "cut in a line", 5 },
            { "append", 6 },
            { "empty", 1 },
        };

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task The_first_changed_line_is_named(string edit, int line)
    {
        await using (var stream = File.Create(ExportFile))
        {
            var writer = new AuditWriter(stream, text => text);
            foreach (var type in new[] { "export", "chat", "tool_call", "request", AuditExport.EndType })
            {
                writer.Write(type, DateTimeOffset.UnixEpoch, json => json.WriteString("tool", "bash"));
            }
        }

        var lines = File.ReadAllLines(ExportFile).ToList();
        switch (edit)
        {
            case "change":
                lines[2] = lines[2].Replace("bash", "read", StringComparison.Ordinal);
                break;
            case "remove":
                lines.RemoveAt(2);
                break;
            case "swap":
                (lines[2], lines[3]) = (lines[3], lines[2]);
                break;
            case "duplicate":
                lines.Insert(3, lines[2]);
                break;
            case "cut the last line":
                lines.RemoveAt(4);
                break;
            case "cut in a line":
                lines[4] = lines[4][..^20];
                break;
            case "append":
                lines.Add(lines[4]);
                break;
            default:
                lines.Clear();
                break;
        }

        File.WriteAllText(ExportFile, string.Concat(lines.Select(one => one + "\n")));
        Assert.Equal(line, AuditVerifier.Verify(ExportFile, null, CancellationToken.None).BadLine);
        Assert.Equal(1, await RunAsync("verify", ExportFile));
        Assert.StartsWith($"Line {line} ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_number_of_chats()
    {
        var text = new string('x', 256 * 1024);
        for (var chat = 0; chat < 60; chat++)
        {
            await using var journal = new ChatStore(Paths, TimeProvider.System, NullLogger.Instance).Create(
                "ai-chat",
                "A title",
                "local",
                "small"
            );
            for (var message = 0; message < 4; message++)
            {
                await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.User, text), CancellationToken.None);
            }
        }

        await using var services = new Services(LogLevel.Error, Paths);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watched = new WatchedStream();
        await services.Audit.Export.WriteAsync(watched, new AuditRange(null, null, HasContent: true), CancellationToken.None);
        Assert.True(watched.Written > 60L * 4 * text.Length, $"{watched.Written}");
        Assert.True(watched.Peak - before < 16 * 1024 * 1024, $"{watched.Peak - before} bytes");
    }

    private async Task<string> WriteChatAsync(bool twice = false, bool copy = false)
    {
        await using var journal = new ChatStore(Paths, TimeProvider.System, NullLogger.Instance).Create(
            "ai-chat",
            "A title",
            "local",
            "small"
        );
        await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "List it"), CancellationToken.None);
        var response = StoreFixture.NewMessage(MessageRole.Assistant, "Here") with
        {
            Parts =
            [
                new MessagePart.ToolUse("use_1", "bash", """{"command":"ls -la"}"""),
                new MessagePart.ToolResult("use_1", "a.txt", null)
                {
                    Approval = new ApprovalNote("once", null, null, DateTimeOffset.UtcNow),
                },
            ],
            ProviderInfo = new ProviderInfo("anthropic", "claude-test"),
            Usage = new Usage { InputTokens = 100, OutputTokens = 20 },
            Cost = new Cost(0.2m, 0.3m, 0, 0.5m, "catalog"),
            Hooks = [new HookRun("format", "after_tool", HookResult.Ran, TimeSpan.FromMilliseconds(5), null)],
        };
        await journal.AppendAsync(response, CancellationToken.None);
        if (twice)
        {
            await journal.AppendAsync(response, CancellationToken.None);
        }
        if (copy)
        {
            await journal.AppendAsync(response with { Id = Ids.New("msg"), IsCopy = true }, CancellationToken.None);
        }
        return journal.Id;
    }

    private List<JsonElement> Lines() => [.. File.ReadAllLines(ExportFile).Select(line => JsonElement.Parse(line))];

    private static List<JsonElement> Typed(List<JsonElement> lines, string type) =>
        [.. lines.Where(line => line.GetProperty("type").GetString() == type)];

    private async Task<int> RunAsync(params string[] arguments)
    {
        await using var services = new Services(LogLevel.Error, Paths);
        var root = new RootCommand
        {
            AuditCommand.Create(_ => services, new Terminal(TextReader.Null, output, error, isInputRedirected: true)),
        };
        var parsed = root.Parse(["audit", .. arguments]);
        var exitCode = await parsed.InvokeAsync();
        return parsed.Errors.Count > 0 ? 2 : exitCode;
    }

    /// <summary>Counts written bytes, and regularly measures the live memory.</summary>
    private sealed class WatchedStream : Stream
    {
        private long measured;

        public long Written { get; private set; }
        public long Peak { get; private set; }
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => Written;
        public override long Position
        {
            get => Written;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Written += buffer.Length;
            if (Written - measured > 4 * 1024 * 1024)
            {
                (measured, Peak) = (Written, Math.Max(Peak, GC.GetTotalMemory(forceFullCollection: true)));
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
