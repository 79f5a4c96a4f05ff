using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Modules;

namespace Plue.Server.Cli;

/// <summary>How each verb of a command begins and ends.</summary>
/// <param name="open">Called only when a verb really runs.</param>
internal sealed class Subcommands(Func<ParseResult, Services> open, Terminal terminal)
{
    public Command Verb(
        string name,
        string description,
        IReadOnlyList<Symbol> symbols,
        Func<Services, ParseResult, CancellationToken, Task<int>> run
    )
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)symbol);
            }
        }

        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                var services = open(parsed);
                try
                {
                    var exitCode = await run(services, parsed, cancellationToken);
                    terminal.Flush();
                    return exitCode;
                }
                catch (FailureException fault)
                {
                    terminal.WriteError(services.Platform.Redactor.Mask(fault.Message));
                    return fault.Failure.Kind is FailureKind.BadRequest or FailureKind.MissingField ? ExitCodes.BadUsage : ExitCodes.Failed;
                }
                catch (OperationCanceledException)
                {
                    return ExitCodes.Interrupted;
                }
            }
        );
        return command;
    }

    /// <summary>The wire's own result.</summary>
    public void WriteJson<T>(T value) =>
        terminal.WriteLine(JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Wire.Options.GetTypeInfo(typeof(T))));
}

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print JSON" };

    public static Option<int?> PassphraseFd() =>
        new("--passphrase-fd") { Description = "Read the vault's passphrase from this file descriptor", HelpName = "N" };
}
