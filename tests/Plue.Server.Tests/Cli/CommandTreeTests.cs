using System.CommandLine;
using System.CommandLine.Parsing;
using Plue.Server.Cli;

namespace Plue.Server.Tests.Cli;

/// <summary>The conventions of all commands.</summary>
public sealed class CommandTreeTests
{
    private const string ExampleLabel = "or example: ";

    /// <summary>Commands whose output is a protocol, a script, or that of another program.</summary>
    private static readonly string[] WithoutJson =
    [
        "serve",
        "acp",
        "ai-provider",
        "mcp serve",
        "sandbox",
        "completion bash",
        "completion zsh",
        "completion fish",
        "completion powershell",
    ];

    private static readonly RootCommand Root = CreateRoot();

    public static TheoryData<string> Paths => [.. Leaves(Root, "").Select(leaf => leaf.Path).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_command_has_json_and_an_example_that_is_valid(string path)
    {
        var command = Leaves(Root, "").Single(leaf => leaf.Path == path).Command;
        Assert.Equal(!WithoutJson.Contains(path), command.Options.Any(option => option.Name == "--json"));
        Assert.All(
            command.Options.Concat<Symbol>(command.Arguments).Where(symbol => !symbol.Hidden),
            symbol => Assert.False(string.IsNullOrEmpty(symbol.Description), $"{symbol.Name} has no description.")
        );

        var at = command.Description?.IndexOf(ExampleLabel, StringComparison.Ordinal) ?? -1;
        Assert.True(at >= 0, $"The help of plue {path} has no example.");
        var example = command.Description![(at + ExampleLabel.Length)..];
        if (path.StartsWith("completion ", StringComparison.Ordinal))
        {
            Assert.Contains($"plue {path}", example, StringComparison.Ordinal);
            return;
        }

        var parsed = Root.Parse([.. CommandLineParser.SplitCommandLine(example).Skip(1)]);
        Assert.StartsWith("plue ", example, StringComparison.Ordinal);
        Assert.Same(command, parsed.CommandResult.Command);
        Assert.Empty(parsed.Errors.Select(error => error.Message));
    }

    private static RootCommand CreateRoot()
    {
        var terminal = new Terminal(TextReader.Null, TextWriter.Null, TextWriter.Null, isInputRedirected: true);
        var root = new RootCommand();
        foreach (
            var (_, create) in CommandTree.Of(
                _ => throw new InvalidOperationException("The help needs no services."),
                terminal,
                (_, _, _, _) => Task.FromResult(0)
            )
        )
        {
            root.Add(create());
        }

        return root;
    }

    private static IEnumerable<(string Path, Command Command)> Leaves(Command command, string path) =>
        command.Subcommands.Count == 0
            ? [(path, command)]
            : command.Subcommands.SelectMany(sub => Leaves(sub, path.Length == 0 ? sub.Name : $"{path} {sub.Name}"));
}
