using System.CommandLine;
using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Rpc;

namespace Plue.Server.Cli;

/// <summary>Opens the services for each subcommand and reports its failures.</summary>
/// <param name="open">Opens the services. Called only if a subcommand runs.</param>
internal sealed class Subcommands(Func<ParseResult, Services> open, Terminal terminal)
{
    public Command Verb(
        string name,
        string description,
        IReadOnlyList<Symbol> symbols,
        Func<Services, ParseResult, CancellationToken, Task<int>> run
    ) =>
        Verb(
            name,
            description,
            symbols,
            terminal,
            open,
            run,
            (services, fault) => services?.Platform.Redactor.Mask(fault.Message) ?? fault.Message
        );

    /// <summary>Creates a subcommand that needs only some of the services.</summary>
    /// <param name="describe">The printed message of a failure. The services are null if they could not be opened.</param>
    public static Command Verb<T>(
        string name,
        string description,
        IReadOnlyList<Symbol> symbols,
        Terminal terminal,
        Func<ParseResult, T> open,
        Func<T, ParseResult, CancellationToken, Task<int>> run,
        Func<T?, FailureException, string> describe
    )
        where T : class
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
                T? services = null;
                try
                {
                    services = open(parsed);
                    var exitCode = await run(services, parsed, cancellationToken);
                    terminal.Flush();
                    return exitCode;
                }
                catch (FailureException fault)
                {
                    terminal.WriteError(describe(services, fault));
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

    /// <summary>Returns the JSON of a result of the protocol.</summary>
    public void WriteJson<T>(T value) => terminal.WriteLine(ToJson(value));

    /// <summary>Prints a JSON object that is not a result of the protocol.</summary>
    public void WriteObject(Action<Utf8JsonWriter> members) => WriteObject(terminal, members);

    public static void WriteObject(Terminal terminal, Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        terminal.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
    }

    public static string ToJson<T>(T value) => JsonSerializer.Serialize(value, WireReader.TypeOf<T>());
}

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print JSON" };

    public static Option<int?> PassphraseFd() =>
        new("--passphrase-fd") { Description = "Read the vault's passphrase from this file descriptor", HelpName = "N" };

    /// <summary>Creates an option for a date, such as 2026-11-21.</summary>
    public static Option<string?> Day(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } given && Platform.Day.Midnight(given, DateTimeKind.Utc) is null)
            {
                result.AddError($"\"{given}\" is not a day. Write it as 2026-11-21.");
            }
        });
        return option;
    }
}
