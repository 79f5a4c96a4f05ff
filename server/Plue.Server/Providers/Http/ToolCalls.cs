using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Http;

/// <summary>The tool calls of a response in progress. Ids are unique in the conversation, even if the server's are not.</summary>
internal sealed class ToolCalls
{
    private readonly HashSet<string> taken;
    private readonly List<ToolCall> calls = [];
    private int made;

    public ToolCalls(ProviderRequest request)
    {
        taken =
        [
            .. request.Messages.SelectMany(message => message.Parts).OfType<Messages.MessagePart.ToolUse>().Select(use => use.ToolUseId),
        ];
    }

    public IReadOnlyList<ToolCall> All => calls;

    public ToolCall Add(string? vendorId, string name)
    {
        var id = vendorId;
        while (string.IsNullOrEmpty(id) || !taken.Add(id))
        {
            id = $"call_{++made}";
        }
        var call = new ToolCall(id, string.IsNullOrEmpty(vendorId) ? null : vendorId, name);
        calls.Add(call);
        return call;
    }
}

/// <param name="VendorId">The vendor's id; null if it sent none.</param>
internal sealed record ToolCall(string Id, string? VendorId, string Name)
{
    private readonly StringBuilder arguments = new();

    public bool HasArguments => IsTooLong || arguments.Length > 0;

    /// <summary>True if the arguments exceed the limit; they are discarded.</summary>
    public bool IsTooLong { get; private set; }

    public void Append(string fragment)
    {
        if (!IsTooLong && arguments.Length + (long)fragment.Length <= ToolArguments.MaxLength)
        {
            arguments.Append(fragment);
            return;
        }

        IsTooLong = true;
        arguments.Clear().Capacity = 0;
    }

    /// <summary>Returns the complete call; its arguments are <c>{}</c> if there were none or too many.</summary>
    public ProviderEvent.ToolCallFinished ToFinished() =>
        IsTooLong
            ? new ProviderEvent.ToolCallFinished(Id, Name, "{}") { Problem = ToolArguments.TooLong }
            : Finished(Id, Name, arguments.ToString());

    /// <summary>Returns the complete call. Arguments that are not a JSON object are reported as a problem, and the turn repairs or rejects them.</summary>
    public static ProviderEvent.ToolCallFinished Finished(string id, string name, string arguments)
    {
        if (arguments.AsSpan().Trim() is "" or "null")
        {
            return new(id, name, "{}");
        }
        return JsonText.IsObject(arguments)
            ? new(id, name, arguments)
            : new(id, name, "{}") { Problem = ToolArguments.NotAnObject, Raw = arguments };
    }
}
