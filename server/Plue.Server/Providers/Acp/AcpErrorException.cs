namespace Plue.Server.Providers.Acp;

/// <summary>The agent answered a request with an error.</summary>
internal sealed class AcpErrorException(int code, string message) : Exception(message)
{
    public const int MethodNotFound = -32601;
    public const int InvalidParams = -32602;
    public const int InternalError = -32603;
    public const int AuthenticationRequired = -32000;
    public const int NotFound = -32002;

    public int Code => code;
}
