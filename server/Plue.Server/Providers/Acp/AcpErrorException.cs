namespace Plue.Server.Providers.Acp;

/// <summary>A request that was answered with an error, by an agent or by Plue.</summary>
internal sealed class AcpErrorException(int code, string message) : Exception(message)
{
    public const int MethodNotFound = -32601;
    public const int ParseError = -32700;
    public const int InvalidRequest = -32600;
    public const int InvalidParams = -32602;
    public const int InternalError = -32603;
    public const int AuthenticationRequired = -32000;
    public const int NotFound = -32002;

    public int Code => code;
}
