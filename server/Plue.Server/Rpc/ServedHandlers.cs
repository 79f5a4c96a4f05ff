using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Mcp;
using Plue.Server.Messages;

namespace Plue.Server.Rpc;

/// <summary>plueTool/call: calls of VS Code's chat to Plue's tools.</summary>
internal sealed class ServedHandlers(RpcServer server, ServedTools tools)
{
    public void Register() =>
        server.Map(
            Methods.PlueToolCall,
            async (parameters, cancellationToken) =>
            {
                var result = await tools.CallAsync(parameters.Name, Arguments(parameters.Parameters), cancellationToken);
                return new PlueToolCallResult(result.Text, result.IsError);
            }
        );

    private static JsonElement Arguments(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.Clone();
        }
        catch (JsonException fault)
        {
            throw new FailureException(FailureKind.BadRequest, "The parameters of the tool are not JSON.", fault);
        }
    }
}
