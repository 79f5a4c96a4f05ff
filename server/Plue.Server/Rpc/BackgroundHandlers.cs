using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Tools.Background;

namespace Plue.Server.Rpc;

/// <summary>background/*: the background commands of agents, and what the user does with them.</summary>
internal sealed class BackgroundHandlers(RpcServer server, BackgroundCommands commands)
{
    private const int MaxInput = 64 * 1024;
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(20);

    /// <summary>Merges output that comes in small pieces.</summary>
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(30);

    public void Register()
    {
        server.Map(
            Methods.BackgroundList,
            (parameters, _) =>
                Task.FromResult(
                    new BackgroundListResult([
                        .. (parameters.CodexId is { } codexId ? commands.Of(codexId) : commands.Running).Select(View),
                    ])
                )
        );
        server.Map(Methods.BackgroundRead, ReadAsync);
        server.Map(
            Methods.BackgroundSend,
            async (parameters, cancellationToken) =>
            {
                if (parameters.Text.Length > MaxInput)
                {
                    throw new RpcErrors.InvalidParamsException("The parameter \"$.text\" is too long.");
                }

                try
                {
                    await Get(parameters.Id).SendAsync(parameters.Text, cancellationToken);
                    return new Empty();
                }
                catch (IOException fault)
                {
                    throw new FailureException(FailureKind.Conflict, $"The text was not sent: {fault.Message}");
                }
            }
        );
        server.Map(
            Methods.BackgroundStop,
            async (parameters, _) =>
            {
                await Get(parameters.Id).StopAsync($"[{parameters.Id} was stopped by the user.]");
                return new Empty();
            }
        );
        server.Map(
            Methods.BackgroundKeep,
            (parameters, _) =>
            {
                commands.Keep(Get(parameters.Id), parameters.Keep);
                return Task.FromResult(new Empty());
            }
        );
        commands.Changed += codexId =>
            _ = server.TryNotifyAsync(
                Methods.BackgroundChanged,
                new BackgroundChangedParams(codexId, [.. commands.Of(codexId).Select(View)])
            );
    }

    private async Task<BackgroundReadResult> ReadAsync(BackgroundReadParams parameters, CancellationToken cancellationToken)
    {
        var command = Get(parameters.Id);
        var change = command.NextChangeAsync();
        if (command.IsRunning && command.Length <= parameters.From)
        {
            await Task.WhenAny(change, Task.Delay(MaxWait, cancellationToken));
            await Task.WhenAny(command.Ended, Task.Delay(Frame, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }

        var status = command.IsRunning ? null : command.StatusLine;
        var (text, next, omitted) = command.ReadFrom(parameters.From);
        return new BackgroundReadResult(text, next, omitted, status);
    }

    private BackgroundCommand Get(string id) =>
        commands.Find(id) ?? throw new FailureException(FailureKind.NotFound, "This command has ended, and its output was removed.");

    private static BackgroundCommandView View(BackgroundCommand command) =>
        new()
        {
            Id = command.Id,
            CodexId = command.CodexId,
            Command = command.Command,
            Folder = command.Folder,
            StartedAt = command.StartedAt,
            IsKept = command.IsKept,
            IsRunning = command.IsRunning,
            ExitCode = command.ExitCode,
        };
}
