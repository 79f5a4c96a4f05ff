using System.Diagnostics;
using Plue.Server.Codices;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Codices;

public sealed class WorkspaceRulesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plue-rules-").FullName;
    private readonly WorkspaceRules rules;

    public WorkspaceRulesTests() => rules = new WorkspaceRules(() => WorkspaceFolders.Of(folder));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Both_files_are_read_AGENTS_first_and_nothing_without_a_trusted_folder()
    {
        Assert.Empty(rules.Read());
        Write("CLAUDE.md", "\uFEFFUse tabs.\r\n");
        Write("AGENTS.md", "Use spaces.");
        Assert.Equal(["AGENTS.md: Use spaces.", "CLAUDE.md: Use tabs."], Instructions());
        Assert.Empty(new WorkspaceRules(() => null).Read());
    }

    [Theory]
    [InlineData("Same.", "Same.\n", "AGENTS.md: Same.")]
    [InlineData("One.", "@AGENTS.md\n", "AGENTS.md: One.")]
    [InlineData("@./CLAUDE.md", "One.", "CLAUDE.md: One.")]
    [InlineData("One.", "@AGENTS.md\nTwo.", "AGENTS.md: One.|CLAUDE.md: Two.")]
    [InlineData("@CLAUDE.md", "@AGENTS.md", "")]
    [InlineData("  \n", "One.", "CLAUDE.md: One.")]
    public void Duplicate_instructions_are_included_once(string agents, string claude, string expected)
    {
        Write("AGENTS.md", agents);
        Write("CLAUDE.md", claude);
        Assert.Equal(expected, string.Join('|', Instructions()));
    }

    [Fact]
    public void A_link_to_the_other_file_counts_once_and_one_out_of_the_folder_not_at_all()
    {
        Write("CLAUDE.md", "One.");
        File.CreateSymbolicLink(Path.Combine(folder, "AGENTS.md"), "CLAUDE.md");
        Assert.Equal(["AGENTS.md: One."], Instructions());

        var outside = Path.Combine(Directory.CreateTempSubdirectory("plue-outside-").FullName, "x.md");
        File.WriteAllText(outside, "Secret.");
        File.Delete(Path.Combine(folder, "AGENTS.md"));
        File.CreateSymbolicLink(Path.Combine(folder, "AGENTS.md"), outside);
        Assert.Equal(["AGENTS.md! It is a link to a target outside the workspace.", "CLAUDE.md: One."], Instructions());
    }

    [Fact]
    public void Invalid_instruction_files_are_skipped_with_a_reason_without_blocking()
    {
        Write("AGENTS.md", new string('x', WorkspaceRules.MaxBytes + 1));
        Assert.Equal(["AGENTS.md! It is larger than 64 KB, the maximum for an instruction file."], Instructions());
        File.WriteAllBytes(Path.Combine(folder, "AGENTS.md"), [0xFF, 0x00, 0x80]);
        Assert.Equal(["AGENTS.md! It is not UTF-8 text."], Instructions());
        Write("AGENTS.md", "a\0b");
        Assert.Equal(["AGENTS.md! It is not UTF-8 text."], Instructions());
        File.Delete(Path.Combine(folder, "AGENTS.md"));
        Directory.CreateDirectory(Path.Combine(folder, "AGENTS.md"));
        Assert.Equal(["AGENTS.md! It is not a regular file."], Instructions());
        Directory.Delete(Path.Combine(folder, "AGENTS.md"));
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using (var made = Process.Start("mkfifo", Path.Combine(folder, "AGENTS.md")))
        {
            made.WaitForExit();
        }
        Assert.Equal(["AGENTS.md! It is not a regular file."], Instructions());
    }

    [Fact]
    public void A_change_counts_at_once_and_an_unchanged_file_is_not_read_again()
    {
        Write("AGENTS.md", "One.");
        var before = rules.Read()[0];
        Assert.Same(before.Text, rules.Read()[0].Text);
        Write("AGENTS.md", "Another.");
        Assert.Equal(["AGENTS.md: Another."], Instructions());
    }

    [Fact]
    public void Hidden_characters_are_counted()
    {
        Write("AGENTS.md", "\uFEFFBe kind\u202E\U000E0041.");
        Assert.Equal(2, rules.Read()[0].HiddenCharacters);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text);

    private IEnumerable<string> Instructions() =>
        rules.Read().Select(file => file.Problem is { } why ? $"{file.Name}! {why}" : $"{file.Name}: {file.Text}");
}
