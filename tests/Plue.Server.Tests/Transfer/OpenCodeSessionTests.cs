using Plue.Server.Messages;
using Plue.Server.Transfer;

namespace Plue.Server.Tests.Transfer;

public sealed class OpenCodeSessionTests : IDisposable
{
    private const string Folder = ".local/share/opencode";
    private readonly TransferFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    private string Database(bool withLog)
    {
        if (withLog)
        {
            fixture.Write($"{Folder}/opencode.db-wal", File.ReadAllBytes(Samples.Of("opencode.db-wal")));
        }

        return fixture.Write($"{Folder}/opencode.db", File.ReadAllBytes(Samples.Of("opencode.db")));
    }

    [Fact]
    public void A_session_that_the_program_wrote_becomes_a_chat_with_its_tools_tokens_and_cost()
    {
        var chat = fixture.Imported(Database(withLog: false));
        Assert.Equal("Largest file", chat.Title);
        Assert.Equal(["\"Which file is the largest?\"", "I look.There is **whale.txt**."], chat.Messages.Select(message => message.Text));
        var answer = chat.Messages[1];
        Assert.Equal(new MessagePart.Reasoning("I look at the folder."), answer.Parts[0]);
        Assert.Equal(
            new MessagePart.ToolUse("call_1", "read", """{"filePath":"/home/user/project/whale.txt"}"""),
            answer.Parts.OfType<MessagePart.ToolUse>().Single()
        );
        Assert.Contains("1: a whale", answer.Parts.OfType<MessagePart.ToolResult>().Single().Result);
        Assert.Equal(
            (240L, 22L, 40L, 8L),
            (answer.Usage!.InputTokens, answer.Usage.OutputTokens, answer.Usage.CachedReadTokens, answer.Usage.ReasoningTokens)
        );
        Assert.Equal(0.000244m, answer.Cost?.TotalCost);
        Assert.Equal(new ProviderInfo("opencode (imported)", "house-large"), answer.ProviderInfo);
    }

    [Fact]
    public void Rows_that_are_only_in_the_log_and_in_overflow_pages_are_read()
    {
        var path = Database(withLog: true);
        var report = fixture.Run($"{path}#ses_later");
        Assert.Empty(report.Failed);
        var chat = fixture.Chats.Read(Assert.Single(report.ChatIds));
        Assert.Equal("In the log", chat.Title);
        Assert.Equal(string.Concat(Enumerable.Repeat("long ", 2000)) + "end", Assert.Single(chat.Messages).Text);
    }

    [Fact]
    public void Each_session_of_the_database_is_found_and_imported_once_and_the_database_is_not_changed()
    {
        var path = Database(withLog: true);
        var before = Directory.EnumerateFiles(Path.GetDirectoryName(path)!).ToDictionary(file => file, File.ReadAllBytes);
        var found = fixture.Import.Find(SessionFormat.OpenCode, null, CancellationToken.None).Sessions;
        Assert.Equal(["In the log", "Largest file"], found.Select(session => session.Title).Order());
        Assert.All(found, session => Assert.True(session.Size > 0));
        Assert.Equal(2, fixture.Run(path).ChatIds.Count);
        Assert.Equal(2, fixture.Run(path).Failed.Count);
        Assert.All(
            fixture.Import.Find(SessionFormat.OpenCode, null, CancellationToken.None).Sessions,
            session => Assert.NotNull(session.ChatId)
        );
        var after = Directory.EnumerateFiles(Path.GetDirectoryName(path)!).ToDictionary(file => file, File.ReadAllBytes);
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        Assert.All(before, file => Assert.Equal(file.Value, after[file.Key]));
    }

    [Fact]
    public void Frames_of_the_log_behind_a_damaged_one_do_not_count()
    {
        var log = File.ReadAllBytes(Samples.Of("opencode.db-wal"));
        log[100] ^= 1;
        fixture.Write($"{Folder}/opencode.db-wal", log);
        var path = fixture.Write($"{Folder}/opencode.db", File.ReadAllBytes(Samples.Of("opencode.db")));
        Assert.Equal(
            "Largest file",
            Assert.Single(fixture.Import.Find(SessionFormat.OpenCode, null, CancellationToken.None).Sessions).Title
        );
        Assert.Single(fixture.Run(path).ChatIds);
    }

    [Fact]
    public void A_truncated_or_damaged_database_ends_with_a_report_and_never_hangs()
    {
        var whole = File.ReadAllBytes(Samples.Of("opencode.db"));
        var random = new Random(7);
        for (var round = 0; round < 60; round++)
        {
            var broken = whole[..(round % 3 == 0 ? random.Next(100, whole.Length) : whole.Length)];
            for (var flips = 0; flips < 40; flips++)
            {
                broken[random.Next(16, broken.Length)] = (byte)random.Next(256);
            }

            var path = fixture.Write($"broken/{round}.db", broken);
            var report = fixture.Run(path);
            Assert.True(report.ChatIds.Count + report.Failed.Count <= 4);
        }
    }
}
