using System.CommandLine;
using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Cli;

/// <summary><c>plue sandbox [options] -- CMD</c>: replaces this process with a command that can write only to the allowed paths.</summary>
internal static class SandboxCommand
{
    /// <summary>The exit code that shells use if a command could not be started.</summary>
    private const int NotStarted = 126;

    public static Command Create(Terminal terminal)
    {
        var workspace = new Option<string>("--workspace")
        {
            Description = "The folder that the command can write to",
            HelpName = "FOLDER",
            Required = true,
        };
        var writable = new Option<string[]>("--writable") { Description = "Another writable folder", HelpName = "FOLDER" };
        var hide = new Option<string[]>("--hide") { Description = "A file or folder that the command cannot read", HelpName = "PATH" };
        var readable = new Option<string[]>("--readable")
        {
            Description = "A folder in a hidden one that the command can read",
            HelpName = "FOLDER",
        };
        var network = new Option<bool>("--network") { Description = "Allow network access" };
        var line = new Argument<string[]>("command")
        {
            Description = "The program, by its absolute path, and its arguments",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command(
            "sandbox",
            "Run a command in a sandbox with one writable folder and no network access (Linux), for example: plue sandbox --workspace . -- npm test"
        )
        {
            workspace,
            writable,
            hide,
            readable,
            network,
            line,
        };
        command.SetAction(parsed =>
        {
            var words = parsed.GetRequiredValue(line);
            try
            {
                if (!Path.IsPathFullyQualified(words[0]))
                {
                    throw new IOException($"{words[0]} is not an absolute path.");
                }

                Landlock.Exec(
                    [
                        .. parsed.GetValue(writable)?.Prepend(parsed.GetRequiredValue(workspace)).Select(RealPath.Of)
                            ?? [RealPath.Of(parsed.GetRequiredValue(workspace))],
                    ],
                    [.. parsed.GetValue(hide)?.Select(RealPath.Of) ?? []],
                    [.. parsed.GetValue(readable)?.Select(RealPath.Of) ?? []],
                    parsed.GetValue(network),
                    words[0],
                    words[1..]
                );
            }
            catch (IOException fault)
            {
                terminal.WriteError(fault.Message);
            }

            return NotStarted;
        });
        return command;
    }
}
