using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Chat;

/// <summary>
/// Masks stored secrets in a response while it streams. Text that may be the start of a secret is held back; the rest is passed on immediately.
/// </summary>
internal sealed class ResponseMask(ITextMask mask)
{
    private enum Kind
    {
        None,
        Text,
        Reasoning,
        Arguments,
    }

    private Kind kind;
    private string toolUseId = "";
    private string held = "";

    /// <summary>Processes an event: passes on the masked content, starting with held-back text.</summary>
    public void Take(ProviderEvent next, Action<ProviderEvent> give)
    {
        // A key can be stored while a response streams, so held-back text is processed first; it is never longer than a secret.
        if (mask.IsEmpty && held.Length == 0)
        {
            give(next);
            return;
        }

        switch (next)
        {
            case ProviderEvent.TextDelta(var text):
                Grow(Kind.Text, "", text, give);
                break;
            case ProviderEvent.ReasoningDelta(var text):
                Grow(Kind.Reasoning, "", text, give);
                break;
            case ProviderEvent.ToolCallDelta(_, { Length: > ToolArguments.MaxLength }):
                Release(give);
                give(next);
                break;
            case ProviderEvent.ToolCallDelta(var id, var arguments):
                Grow(Kind.Arguments, id, arguments, give);
                break;
            case ProviderEvent.ToolCallFinished finished:
                Release(give);
                // Arguments that are too long are not run, so masking them is not worth the time.
                give(
                    finished.Parameters.Length > ToolArguments.MaxLength
                        ? finished
                        : finished with
                        {
                            Parameters = mask.Mask(finished.Parameters),
                            Raw = finished.Raw is { } raw ? mask.Mask(raw) : null,
                        }
                );
                break;
            case ProviderEvent.ToolResultReceived(var id, var result, var error):
                Release(give);
                give(
                    new ProviderEvent.ToolResultReceived(
                        id,
                        result is null ? null : mask.Mask(result),
                        error is null ? null : mask.Mask(error)
                    )
                );
                break;
            case ProviderEvent.Restarted:
                held = "";
                give(next);
                break;
            default:
                Release(give);
                give(next);
                break;
        }
    }

    /// <summary>Passes on held-back text at the end of the stream.</summary>
    public void Release(Action<ProviderEvent> give)
    {
        if (held.Length == 0)
        {
            return;
        }

        var rest = mask.Mask(held);
        held = "";
        give(Delta(rest));
    }

    private void Grow(Kind of, string id, string text, Action<ProviderEvent> give)
    {
        if (of != kind || id != toolUseId)
        {
            Release(give);
            (kind, toolUseId) = (of, id);
        }

        var whole = held.Length == 0 ? text : held + text;
        var settled = mask.StableLength(whole);
        held = whole[settled..];
        if (settled > 0)
        {
            give(Delta(mask.Mask(settled == whole.Length ? whole : whole[..settled])));
        }
    }

    private ProviderEvent Delta(string text) =>
        kind switch
        {
            Kind.Reasoning => new ProviderEvent.ReasoningDelta(text),
            Kind.Arguments => new ProviderEvent.ToolCallDelta(toolUseId, text),
            _ => new ProviderEvent.TextDelta(text),
        };
}
