using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>
/// Sends commands to the process of this home that works on a chat. A command is a file that its sender locks and deletes; the process that works on the chat
/// renames it, carries it out, and writes the outcome next to it. Commands of terminated senders are dropped.
/// </summary>
internal sealed class SharedCommands(PluePaths paths, ILogger logger)
{
    private const int MaxBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan TakeTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OutcomeTimeout = TimeSpan.FromSeconds(30);

    private readonly string folder = Path.Combine(paths.Index, "commands");
    private readonly List<Task> received = [];

    /// <summary>Sends a command and waits until it was carried out.</summary>
    /// <param name="isRunningElsewhere">Checked until another process has taken the command.</param>
    /// <returns>False if no other process works on the chat anymore.</returns>
    /// <exception cref="FailureException">Conflict: the other process did not respond, or rejected the command. StoreReadOnly.</exception>
    public async Task<bool> SendAsync(ChatCommand command, Func<Task<bool>> isRunningElsewhere, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, $"{Ids.New("command")}.json");
        try
        {
            DurableFile.CreatePrivateDirectory(folder);
            using var sender = JournalLock.Acquire(file, "command");
            try
            {
                DurableFile.Replace(file, JsonSerializer.SerializeToUtf8Bytes(command, SharedCommandsContext.Default.ChatCommand));
                return await OutcomeAsync(file, isRunningElsewhere, cancellationToken);
            }
            finally
            {
                Delete(file);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The window that works on this could not be reached ({fault.Message.TrimEnd('.')}). Make {paths.Home} writable, or use that window.",
                fault
            );
        }
    }

    /// <summary>Starts the commands for chats that this process works on, and removes those of terminated senders.</summary>
    /// <param name="isRunningHere">By the URI of the chat.</param>
    /// <param name="run">Throws a <see cref="FailureException"/> for the sender.</param>
    public void Receive(Func<string, bool> isRunningHere, Func<ChatCommand, Task> run)
    {
        received.RemoveAll(one => one.IsCompleted);
        try
        {
            foreach (var file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "command_*.json") : [])
            {
                if (!JournalLock.IsHeld(file))
                {
                    Delete(file);
                }
                else if (Read(file, SharedCommandsContext.Default.ChatCommand) is { } command && isRunningHere(command.CodexId))
                {
                    File.Move(file, TakenOf(file));
                    received.Add(AnswerAsync(file, command, run));
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("Commands of other windows could not be read: {Reason}", fault.Message);
        }
    }

    /// <summary>Waits until the received commands were carried out. Call it after the last <see cref="Receive"/>.</summary>
    public Task CompleteAsync() => Task.WhenAll(received);

    private async Task<bool> OutcomeAsync(string file, Func<Task<bool>> isRunningElsewhere, CancellationToken cancellationToken)
    {
        var start = Environment.TickCount64;
        while (true)
        {
            if (Read(OutcomeOf(file), SharedCommandsContext.Default.CommandOutcome) is { } outcome)
            {
                return outcome.Error is { } error ? throw new FailureException(outcome.Kind ?? FailureKind.Conflict, error) : true;
            }

            var isTaken = !File.Exists(file);
            if (!isTaken && !await isRunningElsewhere())
            {
                return false;
            }

            if (Environment.TickCount64 - start > (isTaken ? OutcomeTimeout : TakeTimeout).TotalMilliseconds)
            {
                throw new FailureException(
                    FailureKind.Conflict,
                    "The window that works on this did not respond. Try again there, or reload that window."
                );
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private async Task AnswerAsync(string file, ChatCommand command, Func<ChatCommand, Task> run)
    {
        CommandOutcome outcome;
        try
        {
            await run(command);
            outcome = new CommandOutcome(null, null);
        }
        catch (FailureException fault)
        {
            outcome = new CommandOutcome(fault.Failure.Kind, fault.Message);
        }
        catch (Exception fault)
        {
            logger.LogError(fault, "A command of another window failed");
            outcome = new CommandOutcome(null, "The window that works on this had an internal error. See its log.");
        }

        try
        {
            if (JournalLock.IsHeld(file))
            {
                DurableFile.Replace(
                    OutcomeOf(file),
                    JsonSerializer.SerializeToUtf8Bytes(outcome, SharedCommandsContext.Default.CommandOutcome)
                );
            }
            else
            {
                Delete(file);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("The outcome of a command could not be sent to its window: {Reason}", fault.Message);
        }
    }

    private T? Read<T>(string file, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return RegularFile.Read(file, MaxBytes) is { } content ? JsonSerializer.Deserialize(content, type) : null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("{File} was skipped: {Reason}", file, fault.Message);
            return null;
        }
    }

    private static void Delete(string file)
    {
        File.Delete(file);
        File.Delete(TakenOf(file));
        File.Delete(OutcomeOf(file));
    }

    private static string TakenOf(string file) => Path.ChangeExtension(file, ".taken");

    private static string OutcomeOf(string file) => Path.ChangeExtension(file, ".outcome");
}

/// <param name="Error">Null if the command was carried out.</param>
internal sealed record CommandOutcome(FailureKind? Kind, string? Error);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(ChatCommand))]
[JsonSerializable(typeof(CommandOutcome))]
internal sealed partial class SharedCommandsContext : JsonSerializerContext;
