using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

[UnsupportedOSPlatform("windows")]
public sealed partial class FileToolsTests : IDisposable
{
    private static readonly EditTool Edit = new("");
    private static readonly WriteTool Writing = new("");
    private readonly ToolFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task A_file_is_read_with_the_numbers_of_its_lines()
    {
        fixture.Write("a.txt", "one\ntwo\r\nthree");
        Assert.Equal("     1\tone\n     2\ttwo\n     3\tthree\n", await fixture.ResultAsync(fixture.Read, """{"path":"a.txt"}"""));
        Assert.Equal(
            "     2\ttwo\n[These are lines 2 to 2 of 3.]\n",
            await fixture.ResultAsync(fixture.Read, """{"path":"a.txt","from":2,"to":2}""")
        );
        Assert.Equal("The file has only 3 lines.", await fixture.ResultAsync(fixture.Read, """{"path":"a.txt","from":4}"""));
    }

    [Fact]
    public async Task A_long_file_is_truncated_with_the_offset_to_continue_until_all_is_read()
    {
        var lines = Enumerable.Range(1, 7_000).Select(line => $"line {line} {new string('x', line % 50)}").ToList();
        fixture.Write("long.txt", string.Join('\n', lines) + "\n");
        var read = new List<string>();
        for (int? from = 1; from is not null; )
        {
            var text = await fixture.ResultAsync(fixture.Read, ToolFixture.Json(("path", "long.txt"), ("from", from)));
            Assert.True(text.Length <= ToolRunner.MaxResultLength);
            read.AddRange(
                text.Split('\n').Where(line => line.Contains('\t', StringComparison.Ordinal)).Select(line => line.Split('\t', 2)[1])
            );
            var next = System.Text.RegularExpressions.Regex.Match(text, "Continue with `from: (\\d+)`");
            from = next.Success ? int.Parse(next.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : null;
        }

        Assert.Equal(lines, read);
    }

    [Fact]
    public async Task An_image_comes_as_an_image_and_other_bytes_as_a_sentence()
    {
        byte[] png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3];
        fixture.Write("a.png", png);
        fixture.Write("b.bin", [0, 1, 2, 3]);
        var image = Assert.Single((await fixture.RunAsync(fixture.Read, """{"path":"a.png"}""")).Images);
        Assert.Equal("image/png", image.MediaType);
        Assert.Equal(png, image.Data!.Value.ToArray());
        Assert.Contains("is not text (4 bytes)", await fixture.ErrorAsync(fixture.Read, """{"path":"b.bin"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_notebook_is_shown_by_its_cells()
    {
        fixture.Write(
            "n.ipynb",
            """{"cells":[{"cell_type":"markdown","source":["# Title\n","text"]},{"cell_type":"code","source":"1+1","outputs":[{"data":{"text/plain":["2"]}},{"ename":"E","evalue":"bad"}]}]}"""
        );
        var text = await fixture.ResultAsync(fixture.Read, """{"path":"n.ipynb"}""");
        Assert.Contains("[Cell 1, markdown]", text, StringComparison.Ordinal);
        Assert.Contains("\t1+1\n", text, StringComparison.Ordinal);
        Assert.Contains("\t2\n", text, StringComparison.Ordinal);
        Assert.Contains("E: bad", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_private_key_is_not_returned_regardless_of_its_file_name()
    {
        fixture.Write("notes.txt", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n");
        Assert.Contains("private key", await fixture.ErrorAsync(fixture.Read, """{"path":"notes.txt"}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"path":"a.txt","sandbox":false}""", "The parameter `sandbox` does not exist")]
    [InlineData("""{"path":"a.txt","cwd":"/"}""", "The parameter `cwd` does not exist")]
    [InlineData("""{"path":"a.txt","path":"b.txt"}""", "set twice")]
    [InlineData("""{"path":7}""", "`path` must be a text")]
    [InlineData("""{}""", "`path` is missing")]
    [InlineData("""{"path":"a.txt","from":0}""", "`from` must be a whole number from 1")]
    [InlineData("""{"path":"a.txt","from":1.5}""", "`from` must be a whole number from 1")]
    public async Task SEC_14_A_parameter_that_is_not_the_tools_own_is_refused(string parameters, string sentence)
    {
        fixture.Write("a.txt", "x");
        Assert.Contains(sentence, await fixture.ErrorAsync(fixture.Read, parameters), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SEC_26_A_folder_whose_name_only_begins_like_the_workspace_is_outside()
    {
        Directory.CreateDirectory(fixture.Workspace + "-evil");
        File.WriteAllText(fixture.Workspace + "-evil/a.txt", "x");
        Assert.Contains(
            "outside the workspace",
            await fixture.ErrorAsync(fixture.Read, """{"path":"../work-evil/a.txt"}"""),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("link.txt", "../outside/secret.txt")]
    [InlineData("folder", "../outside")]
    [InlineData("chain", "chain2")]
    [InlineData("dangling", "../outside/new.txt")]
    [InlineData("loop", "loop")]
    [InlineData("proc", "/proc/self")]
    public async Task SEC_27_A_link_that_leads_out_is_neither_read_nor_written_through(string name, string target)
    {
        File.WriteAllText(Path.Combine(fixture.Outside, "secret.txt"), "hush");
        File.CreateSymbolicLink(fixture.PathOf("chain2"), fixture.Outside);
        File.CreateSymbolicLink(fixture.PathOf(name), target);
        foreach (var path in new[] { name, $"{name}/secret.txt", $"{name}/environ" })
        {
            foreach (
                var (tool, parameters) in new (ITool, string)[]
                {
                    (fixture.Read, ToolFixture.Json(("path", path))),
                    (Writing, ToolFixture.Json(("path", path), ("content", "x"))),
                    (Edit, ToolFixture.Json(("path", path), ("old", "hush"), ("new", "x"))),
                }
            )
            {
                Assert.DoesNotContain("hush", await fixture.ResultAsync(tool, parameters), StringComparison.Ordinal);
            }
        }

        Assert.Equal("hush", File.ReadAllText(Path.Combine(fixture.Outside, "secret.txt")));
        Assert.Single(Directory.GetFileSystemEntries(fixture.Outside));
    }

    [Fact]
    public async Task A_link_that_leads_inside_is_followed_and_both_names_are_judged()
    {
        var real = fixture.Write("real/a.txt", "one\n");
        File.CreateSymbolicLink(fixture.PathOf("near"), "real");
        await fixture.RunAsync(fixture.Read, """{"path":"near/a.txt"}""");
        var call = await fixture.PlanAsync(Edit, """{"path":"near/a.txt","old":"one","new":"two"}""");
        Assert.Equal([real, fixture.PathOf("near/a.txt")], call.Actions.Cast<ToolAction.ChangeFile>().Select(action => action.Path));
        Assert.Equal([real], call.Changes);
        await call.RunAsync(new ToolFixture.ProgressRecorder(), default);
        Assert.Equal("two\n", File.ReadAllText(real));
        Assert.NotNull(new FileInfo(fixture.PathOf("near")).LinkTarget);
    }

    [Fact]
    public async Task SEC_28_A_folder_swapped_for_a_link_between_approval_and_use_is_not_written_through()
    {
        File.WriteAllText(Path.Combine(fixture.Outside, "a.txt"), "one\n");
        fixture.Write("folder/a.txt", "one\n");
        await fixture.RunAsync(fixture.Read, """{"path":"folder/a.txt"}""");
        var calls = new[]
        {
            await fixture.PlanAsync(Edit, """{"path":"folder/a.txt","old":"one","new":"two"}"""),
            await fixture.PlanAsync(Writing, """{"path":"folder/new.txt","content":"two"}"""),
            await fixture.PlanAsync(fixture.Read, """{"path":"folder/a.txt"}"""),
        };
        Directory.Move(fixture.PathOf("folder"), fixture.PathOf("was"));
        File.CreateSymbolicLink(fixture.PathOf("folder"), fixture.Outside);
        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<ToolFailureException>(() => call.RunAsync(new ToolFixture.ProgressRecorder(), default));
        }

        Assert.Equal("one\n", File.ReadAllText(Path.Combine(fixture.Outside, "a.txt")));
        Assert.Single(Directory.GetFileSystemEntries(fixture.Outside));
    }

    [Fact]
    public async Task SEC_28_A_hard_link_to_a_file_outside_is_not_written_through()
    {
        var outside = Path.Combine(fixture.Outside, "a.txt");
        File.WriteAllText(outside, "one\n");
        Assert.Equal(0, link(outside, fixture.PathOf("a.txt")));
        await fixture.RunAsync(fixture.Read, """{"path":"a.txt"}""");
        await fixture.RunAsync(Edit, """{"path":"a.txt","old":"one","new":"two"}""");
        Assert.Equal(("one\n", "two\n"), (File.ReadAllText(outside), fixture.Text("a.txt")));
    }

    /// <summary>While folders, files and links are swapped at full speed, no file outside changes.</summary>
    [Fact]
    public async Task SEC_27_28_Nothing_outside_is_ever_written_while_links_are_swapped()
    {
        foreach (var name in new[] { "a.txt", "b.txt" })
        {
            File.WriteAllText(Path.Combine(fixture.Outside, name), "outside\n");
        }
        var secret = Snapshot(fixture.Outside);
        using var stop = new CancellationTokenSource();
        var attempts = 0;
        var swapping = Task.Run(
            () =>
            {
                // New entries are created elsewhere and moved in, so that this never follows its own links.
                var (name, made) = (fixture.PathOf("x"), Path.Combine(fixture.Home, "made"));
                Directory.CreateDirectory(fixture.Home);
                var random = new Random(28);
                for (var round = 0; !stop.IsCancellationRequested; round++)
                {
                    // Each attempt coincides with about one swap.
                    var attempt = Volatile.Read(ref attempts);
                    SpinWait.SpinUntil(() => Volatile.Read(ref attempts) != attempt || stop.IsCancellationRequested);
                    Thread.SpinWait(random.Next(20_000));
                    try
                    {
                        if (new FileInfo(name).LinkTarget is not null)
                        {
                            File.Delete(name);
                        }
                        else if (Directory.Exists(name))
                        {
                            Directory.Delete(name, recursive: true);
                        }
                        if (round % 3 == 0)
                        {
                            File.CreateSymbolicLink(name, fixture.Outside);
                            continue;
                        }

                        Directory.CreateDirectory(made);
                        File.WriteAllText(Path.Combine(made, "a.txt"), "inside\n");
                        if (round % 2 == 0)
                        {
                            File.CreateSymbolicLink(Path.Combine(made, "y"), fixture.Outside);
                        }
                        if (round % 5 == 0)
                        {
                            File.CreateSymbolicLink(Path.Combine(made, "b.txt"), Path.Combine(fixture.Outside, "b.txt"));
                        }
                        Directory.Move(made, name);
                    }
                    catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                    {
                        if (Directory.Exists(made))
                        {
                            Directory.Delete(made, recursive: true);
                        }
                    }
                }
            },
            default
        );
        var done = 0;
        for (var round = 0; round < 200 || (done < 20 && round < 5_000); round++)
        {
            foreach (var path in new[] { "x/a.txt", "x/b.txt", "x/y/a.txt", "x/y/z/new.txt" })
            {
                Interlocked.Increment(ref attempts);
                var read = await fixture.ResultAsync(fixture.Read, ToolFixture.Json(("path", path)));
                Assert.DoesNotContain("outside\n", read, StringComparison.Ordinal);
                done += (
                    await fixture.ResultAsync(Writing, ToolFixture.Json(("path", path), ("content", $"by the tool {round}\n")))
                ).StartsWith("Made", StringComparison.Ordinal)
                    ? 1
                    : 0;
                done += (
                    await fixture.ResultAsync(Edit, ToolFixture.Json(("path", path), ("old", "inside"), ("new", "edited")))
                ).StartsWith("Changed", StringComparison.Ordinal)
                    ? 1
                    : 0;
            }
        }

        await stop.CancelAsync();
        await swapping;
        Assert.Equal(secret, Snapshot(fixture.Outside));
        Assert.True(done >= 20, $"Only {done} writes went through: the test looked at nothing.");
    }

    [Fact]
    public async Task REL_41_A_file_that_changed_since_it_was_read_is_not_changed()
    {
        fixture.Write("a.txt", "one\n");
        Assert.Contains(
            "have not read",
            await fixture.ErrorAsync(Edit, """{"path":"a.txt","old":"one","new":"two"}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "already exists",
            await fixture.ErrorAsync(Writing, """{"path":"a.txt","content":"two"}"""),
            StringComparison.Ordinal
        );
        await fixture.RunAsync(fixture.Read, """{"path":"a.txt"}""");
        fixture.Write("a.txt", "one, by the user\n");
        Assert.Contains(
            "changed since",
            await fixture.ErrorAsync(Edit, """{"path":"a.txt","old":"one","new":"two"}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "changed since",
            await fixture.ErrorAsync(Writing, """{"path":"a.txt","content":"two"}"""),
            StringComparison.Ordinal
        );
        Assert.Equal("one, by the user\n", fixture.Text("a.txt"));
        File.Delete(fixture.PathOf("a.txt"));
        Assert.Contains(
            "There is no file",
            await fixture.ErrorAsync(Edit, """{"path":"a.txt","old":"one","new":"two"}"""),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task REL_41_A_file_that_changes_while_the_user_is_asked_is_not_changed()
    {
        fixture.Write("a.txt", "one\n");
        await fixture.RunAsync(fixture.Read, """{"path":"a.txt"}""");
        var edit = await fixture.PlanAsync(Edit, """{"path":"a.txt","old":"one","new":"two"}""");
        var make = await fixture.PlanAsync(Writing, """{"path":"b.txt","content":"made"}""");
        fixture.Write("a.txt", "one, by the user\n");
        fixture.Write("b.txt", "by the user\n");
        foreach (var call in new[] { edit, make })
        {
            Assert.Contains(
                "changed in the meantime",
                (await Assert.ThrowsAsync<ToolFailureException>(() => call.RunAsync(new ToolFixture.ProgressRecorder(), default))).Message,
                StringComparison.Ordinal
            );
        }

        Assert.Equal(("one, by the user\n", "by the user\n"), (fixture.Text("a.txt"), fixture.Text("b.txt")));
        Assert.Equal(2, Directory.GetFileSystemEntries(fixture.Workspace).Length);
    }

    [Fact]
    public async Task Mode_bits_stay_and_a_new_file_is_as_the_user_makes_files()
    {
        var script = fixture.Write("run.sh", "#!/bin/sh\n");
        File.SetUnixFileMode(script, (UnixFileMode)0b111_101_000);
        await fixture.RunAsync(fixture.Read, """{"path":"run.sh"}""");
        await fixture.RunAsync(Edit, """{"path":"run.sh","old":"sh\n","new":"bash\n"}""");
        Assert.Equal((UnixFileMode)0b111_101_000, File.GetUnixFileMode(script));
        await fixture.RunAsync(Writing, """{"path":"deep/er/new.txt","content":"x"}""");
        File.WriteAllText(fixture.PathOf("mine.txt"), "x");
        Assert.Equal(File.GetUnixFileMode(fixture.PathOf("mine.txt")), File.GetUnixFileMode(fixture.PathOf("deep/er/new.txt")));
    }

    [Fact]
    public async Task REL_36_Special_files_are_rejected_immediately()
    {
        ToolFixture.Shell("mkfifo pipe; truncate -s 100G sparse; mkdir folder; ln -s a b; ln -s b a", fixture.Workspace);
        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix,
            System.Net.Sockets.SocketType.Stream,
            System.Net.Sockets.ProtocolType.Unspecified
        );
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(fixture.PathOf("socket")));
        foreach (
            var (name, sentence) in new[]
            {
                ("pipe", "pipe, socket or device"),
                ("sparse", "larger than"),
                ("folder", "is a folder"),
                ("a", "cycle"),
                ("socket", "pipe, socket or device"),
                (".", "is the workspace folder"),
            }
        )
        {
            Assert.Contains(
                sentence,
                await fixture.ErrorAsync(fixture.Read, ToolFixture.Json(("path", name))).WaitAsync(TimeSpan.FromSeconds(5)),
                StringComparison.Ordinal
            );
            Assert.Contains(
                sentence,
                await fixture.ErrorAsync(Writing, ToolFixture.Json(("path", name), ("content", "x"))).WaitAsync(TimeSpan.FromSeconds(5)),
                StringComparison.Ordinal
            );
        }
    }

    public static TheoryData<string, byte[]> Encodings =>
        new()
        {
            { "UTF-8", Encoding.UTF8.GetBytes("größer\r\nzwei\n") },
            { "with a mark", [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes("größer\nzwei\n")] },
            { "UTF-16", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("größer\r\nzwei\r\n")] },
            { "UTF-16, high first", [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes("größer\nzwei")] },
            { "Latin-1", Encoding.Latin1.GetBytes("größer als früher\nzwei und dann noch mehr\n") },
        };

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task REL_37_An_edit_keeps_the_encoding_the_mark_and_every_other_byte(string name, byte[] content)
    {
        fixture.Write("a.txt", content);
        await fixture.RunAsync(fixture.Read, """{"path":"a.txt"}""");
        await fixture.RunAsync(Edit, """{"path":"a.txt","old":"zwei","new":"drüben"}""");
        var encoding =
            name.StartsWith("UTF-16,", StringComparison.Ordinal) ? Encoding.BigEndianUnicode
            : name == "UTF-16" ? Encoding.Unicode
            : name == "Latin-1" ? Encoding.Latin1
            : Encoding.UTF8;
        var (before, after) = (encoding.GetBytes("zwei"), encoding.GetBytes("drüben"));
        var at = content.AsSpan().IndexOf(before);
        Assert.Equal([.. content[..at], .. after, .. content[(at + before.Length)..]], File.ReadAllBytes(fixture.PathOf("a.txt")));
    }

    [Fact]
    public async Task Refuses_characters_that_Latin_1_cannot_represent()
    {
        fixture.Write("a.txt", Encoding.Latin1.GetBytes("größer als früher\n"));
        await fixture.RunAsync(fixture.Read, """{"path":"a.txt"}""");
        Assert.Contains("encoding", await fixture.ErrorAsync(Edit, """{"path":"a.txt","old":"als","new":"→"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_approval_shows_the_diff_that_is_written()
    {
        fixture.Write("a.txt", "one\ntwo\n");
        await fixture.RunAsync(fixture.Read, """{"path":"a.txt"}""");
        var call = await fixture.PlanAsync(Edit, """{"path":"a.txt","old":"two","new":"three"}""");
        Assert.Equal("@@ -1,2 +1,2 @@\n one\n-two\n+three\n", call.Diff);
        Assert.Equal(ApprovalKind.Edit, call.Kind);
    }

    [Fact]
    public async Task The_rest_of_a_long_result_can_be_read_only_by_the_same_agent()
    {
        var text = string.Join('\n', Enumerable.Range(0, 20_000).Select(line => $"line {line}"));
        var cut = fixture.Results.Truncate("chat_1", text, ToolRunner.MaxResultLength);
        Assert.True(cut.Length < ToolRunner.MaxResultLength + 200);
        var name = System.Text.RegularExpressions.Regex.Match(cut, "plue-output:[0-9a-f]+").Value;
        Assert.Contains(
            "line 10000",
            await fixture.ResultAsync(fixture.Read, ToolFixture.Json(("path", name), ("from", 10_001), ("to", 10_001))),
            StringComparison.Ordinal
        );
        Assert.Throws<ToolFailureException>(() => fixture.Results.Read("chat_2", name));
        Assert.Contains(
            "no longer exists",
            await fixture.ErrorAsync(fixture.Read, """{"path":"plue-output:../../../etc/passwd"}"""),
            StringComparison.Ordinal
        );
        Assert.All(
            Directory.GetFiles(Path.Combine(fixture.Home, "outputs")),
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file))
        );
    }

    [Fact]
    public void The_last_list_that_was_not_refused_is_the_plan()
    {
        Message Of(string id, string parameters, string? error) =>
            new()
            {
                Id = id,
                CodexId = "chat_1",
                Role = MessageRole.Assistant,
                CreatedAt = DateTimeOffset.UnixEpoch,
                Parts =
                [
                    new MessagePart.ToolUse(id, "todo", parameters),
                    new MessagePart.ToolResult(id, error is null ? "ok" : null, error),
                ],
            };
        var plan = TodoList.Of([
            Of("1", """{"steps":[{"text":"a","state":"open"}]}""", null),
            Of("2", """{"steps":[{"text":"b","state":"active"},{"text":"c","state":"done"}]}""", null),
            Of("3", """{"steps":[{"text":"d","state":"later"}]}""", "no"),
            Of("4", "{", null),
        ]);
        Assert.Equal([new TodoStep("b", TodoState.Active), new TodoStep("c", TodoState.Done)], plan!.Steps);
    }

    private static List<string> Snapshot(string folder) =>
        [
            .. Directory
                .EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(path => $"{path} {(File.Exists(path) ? File.ReadAllText(path) : "")}"),
        ];

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string from, string to);
}
