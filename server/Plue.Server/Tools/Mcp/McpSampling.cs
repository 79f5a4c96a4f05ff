using System.Globalization;
using System.Text;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Policy;
using Plue.Server.Templates;

#pragma warning disable MCP9005 // Deprecated since 2026-07-28, but some servers need it.

namespace Plue.Server.Tools.Mcp;

/// <summary>
/// A request of a server to a model during a call (sampling). The permission rules judge it as a call of the tool <see cref="Tool"/>. It is shown to the
/// user as it will be sent, and counts for the chat that made the call. It contains no tools and nothing of the chat. Thread-safe.
/// </summary>
internal sealed class McpSampling(string server, McpServices services, McpElicitation questions)
{
    /// <summary>The name in permission rules and policies, after the server and a slash. No tool of a server has this name.</summary>
    public const string Tool = "sampling/createMessage";

    /// <summary>The protocol's error code for a refusal by the user.</summary>
    private const McpErrorCode Refused = (McpErrorCode)(-1);
    private const int MaxRequests = 10;
    private const int MaxMessages = 100;
    private const int MaxLength = 100_000;
    private const int MaxTokens = 8192;

    /// <summary>True if the server is informed that sampling is supported.</summary>
    public bool IsOffered(McpDeclaration declaration) =>
        declaration.Sampling
        && services.Judge is not null
        && services.Ask is not null
        && ManagedPolicy.Read(services.Paths).RefusalOfTool(Name) is null;

    /// <exception cref="McpProtocolException">The request was refused or failed; the server receives the reason.</exception>
    public async ValueTask<CreateMessageResult> SampleAsync(CreateMessageRequestParams? asked, CancellationToken cancellationToken)
    {
        if (questions.Current is not { Context.Sampling: { } model } call || services.Judge is not { } judge || services.Ask is not { } ask)
        {
            throw new McpProtocolException("A model can be asked only during a call of one chat.", McpErrorCode.InvalidRequest);
        }
        if (call.CountSampling() > MaxRequests)
        {
            throw new McpProtocolException(
                string.Create(CultureInfo.InvariantCulture, $"One call can ask a model {MaxRequests} times at most."),
                McpErrorCode.InvalidRequest
            );
        }

        var request = RequestOf(asked);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, call.Token);
        try
        {
            var verdict = judge(Name, new ToolAction.CallServer(server, Tool), call.Context.Rights());
            if (
                verdict.Decision == Decision.Deny
                || (verdict.Decision == Decision.Ask && call.Context.Rights().Any(one => one.IsUnattended))
            )
            {
                throw new McpProtocolException("The request was denied.", Refused);
            }

            call.Waiting(true);
            try
            {
                var offer = await model.OfferAsync(request, either.Token).ConfigureAwait(false);
                if (verdict.Decision == Decision.Ask)
                {
                    var answer = await ask(ApprovalOf(request, offer, verdict, call.Context), either.Token).ConfigureAwait(false);
                    if (answer.Decision == ApprovalDecision.Deny)
                    {
                        throw new McpProtocolException("The user denied the request.", Refused);
                    }
                }

                var response = await model.AskAsync(request, offer, either.Token).ConfigureAwait(false);
                return new CreateMessageResult
                {
                    Role = Role.Assistant,
                    Model = response.Model,
                    StopReason = "endTurn",
                    Content = [new TextContentBlock { Text = response.Text }],
                };
            }
            finally
            {
                call.Waiting(false);
            }
        }
        catch (FailureException fault)
        {
            throw new McpProtocolException(fault.Message, fault, McpErrorCode.InternalError);
        }
    }

    private string Name => $"{server}{ToolNames.ServerSeparator}{Tool}";

    private ApprovalRequest ApprovalOf(SamplingRequest request, SamplingOffer offer, Verdict verdict, ToolContext context)
    {
        var cost = offer.MaxCost is { } usd
            ? string.Create(CultureInfo.InvariantCulture, $"It costs ${usd:0.####} at most.")
            : "Its cost is not known.";
        return new ApprovalRequest
        {
            CodexId = context.CodexId,
            Path = [.. context.Rights().Where(one => one.Skill is null).Reverse().Select(one => one.Title)],
            ToolUseId = context.ToolUseId,
            ToolName = Name,
            Kind = ApprovalKind.ServerTool,
            ActionText = TextOf(request),
            Location = $"{offer.Provider}: {offer.Model}",
            Reason = $"The MCP server {server} asks you to send this text to the model {offer.Model}. It receives the response. {cost}",
            Rule = context.Workspace is null ? null : verdict.Rule,
            RuleFolder = context.Workspace is null || verdict.Rule is null ? null : verdict.RuleFolder ?? context.Workspace,
        };
    }

    /// <summary>The complete text of the request, as it is sent.</summary>
    private static string TextOf(SamplingRequest request)
    {
        var text = new StringBuilder();
        if (request.System.Length > 0)
        {
            text.Append("[System]\n").Append(request.System).Append("\n\n");
        }
        foreach (var message in request.Messages)
        {
            text.Append(message.IsUser ? "[User]\n" : "[Assistant]\n").Append(message.Text).Append("\n\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"[At most {request.MaxTokens} tokens]").ToString();
    }

    private SamplingRequest RequestOf(CreateMessageRequestParams? asked)
    {
        if (asked is not { Messages: { Count: > 0 and <= MaxMessages } messages })
        {
            throw new McpProtocolException("Send between 1 and 100 messages.", McpErrorCode.InvalidParams);
        }
        if (asked.Tools is { Count: > 0 })
        {
            throw new McpProtocolException("Tools are not supported.", McpErrorCode.InvalidParams);
        }
        if (messages.Any(message => message.Content.Any(block => block is not TextContentBlock)))
        {
            throw new McpProtocolException("Only text is supported.", McpErrorCode.InvalidParams);
        }

        var request = new SamplingRequest(
            services.Mask(asked.SystemPrompt ?? ""),
            [
                .. messages.Select(message => new SamplingText(
                    message.Role == Role.User,
                    services.Mask(string.Join('\n', message.Content.OfType<TextContentBlock>().Select(block => block.Text)))
                )),
            ],
            Math.Clamp(asked.MaxTokens, 1, MaxTokens)
        );
        return request.System.Length + request.Messages.Sum(message => message.Text.Length) <= MaxLength
            ? request
            : throw new McpProtocolException(
                string.Create(CultureInfo.InvariantCulture, $"The text is longer than {MaxLength} characters."),
                McpErrorCode.InvalidParams
            );
    }
}
