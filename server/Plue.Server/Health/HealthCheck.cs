using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Health;

/// <summary>A check of one area of Plue, which may return several rows.</summary>
/// <param name="IsNeeded">True if Plue does not work without it.</param>
internal sealed record HealthCheck(string Name, bool IsNeeded, Func<CancellationToken, Task<IReadOnlyList<HealthRow>>> CheckAsync)
{
    public static HealthCheck Create(string name, bool isNeeded, Func<IReadOnlyList<HealthRow>> check) =>
        new(name, isNeeded, _ => Task.FromResult(check()));

    /// <summary>Runs all checks concurrently. A check that fails or times out becomes a row and does not delay the others.</summary>
    /// <param name="timeout">The timeout per check.</param>
    /// <param name="mask">Masks secrets in a text.</param>
    /// <param name="userFolder">The folder to show as <c>~</c>; empty if there is none.</param>
    /// <exception cref="OperationCanceledException">The caller canceled.</exception>
    public static async Task<HealthReport> RunAsync(
        IReadOnlyList<HealthCheck> checks,
        TimeSpan timeout,
        Func<string, string> mask,
        string userFolder,
        CancellationToken cancellationToken
    )
    {
        var rows = await Task.WhenAll(checks.Select(check => check.RowsAsync(timeout, cancellationToken)));
        string Shown(string text) => HiddenCharacters.Visible(WithTilde(mask(text), userFolder));
        return new HealthReport([
            .. rows.SelectMany(some => some)
                .Select(row =>
                    row with
                    {
                        Name = Shown(row.Name),
                        Sentence = Shown(row.Sentence),
                        Advice = row.Advice is { } advice ? Shown(advice) : null,
                    }
                ),
        ]);
    }

    private async Task<IReadOnlyList<HealthRow>> RowsAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            // On a separate thread: a file on an unreachable server can block.
            return await Task.Run(() => CheckAsync(limit.Token), limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return
            [
                HealthRow.Failed(Name, $"It could not be checked within {timeout.TotalSeconds:0} seconds.") with
                {
                    IsNeeded = IsNeeded,
                },
            ];
        }
        catch (FailureException fault)
        {
            return [HealthRow.Failed(Name, fault.Message) with { IsNeeded = IsNeeded }];
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return [HealthRow.Failed(Name, $"It could not be checked ({fault.Message.TrimEnd('.')}).") with { IsNeeded = IsNeeded }];
        }
    }

    /// <summary>Replaces the user's folder with a tilde, because reports are shared.</summary>
    internal static string WithTilde(string text, string userFolder)
    {
        var folder = userFolder.TrimEnd('/', '\\');
        if (folder.Length < 2)
        {
            return text;
        }

        var from = 0;
        while (text.IndexOf(folder, from, StringComparison.Ordinal) is >= 0 and var at)
        {
            var end = at + folder.Length;
            var isWhole = (end == text.Length || !IsPartOfName(text, end)) && (at == 0 || !IsPartOfName(text, at - 1));
            if (isWhole)
            {
                text = string.Concat(text.AsSpan(0, at), "~", text.AsSpan(end));
            }
            from = isWhole ? at + 1 : end;
        }

        return text;
    }

    /// <summary>True for characters of names; a dot at the end of a sentence is not one.</summary>
    private static bool IsPartOfName(string text, int at) =>
        char.IsLetterOrDigit(text[at])
        || text[at] is '_' or '-'
        || (text[at] == '.' && at + 1 < text.Length && !char.IsWhiteSpace(text[at + 1]));
}
