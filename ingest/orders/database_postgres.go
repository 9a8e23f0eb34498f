package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgresServer asks over the wire protocol itself: rows come as the server's
// text, one at a time.
type postgresServer struct{ config *pgconn.Config }

func locatePostgres(dsn string) (server, error) {
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	return &postgresServer{config}, nil
}

func (s *postgresServer) secret() string { return s.config.Password }

func (s *postgresServer) ask(ctx context.Context, query string, limit time.Duration) (answer, error) {
	conn, err := pgconn.ConnectConfig(ctx, s.config)
	if err != nil {
		return nil, err
	}
	// In the transaction and not the session, which poolers share. The server's own
	// clock is a little behind ours: it only stops what goes on after we have gone.
	begin := fmt.Sprintf("begin isolation level repeatable read read only; "+
		"set local timezone = 'Asia/Shanghai'; set local datestyle = 'ISO, YMD'; set local client_encoding = 'UTF8'; "+
		"set local statement_timeout = %d", (limit + 5*time.Second).Milliseconds())
	if _, err := conn.Exec(ctx, begin).ReadAll(); err != nil {
		hangUp(conn)
		return nil, err
	}
	// The extended protocol takes one statement, and every value as text.
	rows := conn.ExecParams(ctx, query, nil, nil, nil, nil)
	a := &postgresAnswer{conn: conn, rows: rows}
	if rows.FieldDescriptions() == nil { // refused, or no SELECT
		if _, err := rows.Close(); err != nil {
			hangUp(conn)
			return nil, err
		}
	}
	return a, nil
}

// hangUp says goodbye to the server, but does not wait for it.
func hangUp(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // the transaction is read only: nothing is lost
}

type postgresAnswer struct {
	conn  *pgconn.PgConn
	rows  *pgconn.ResultReader
	ended error
}

// The types by their object ids, which are fixed.
var postgresTypes = map[uint32]answerColumn{
	16: {typeName: "boolean", class: textValue}, 18: {typeName: "char", class: textValue}, 19: {typeName: "name", class: textValue},
	25: {typeName: "text", class: textValue}, 705: {typeName: "unknown", class: textValue}, 1042: {typeName: "char", class: textValue},
	1043: {typeName: "varchar", class: textValue}, 2950: {typeName: "uuid", class: textValue},
	20: {typeName: "bigint", class: integerValue}, 21: {typeName: "smallint", class: integerValue}, 23: {typeName: "integer", class: integerValue},
	700: {typeName: "real", class: floatValue}, 701: {typeName: "double precision", class: floatValue},
	1700: {typeName: "numeric", class: exactValue}, 790: {typeName: "money", class: otherValue}, // printed by the server's locale
	1082: {typeName: "date", class: dateValue}, 1114: {typeName: "timestamp", class: plainTime}, 1184: {typeName: "timestamptz", class: zonedTime},
	1083: {typeName: "time", class: otherValue}, 1266: {typeName: "timetz", class: otherValue}, 1186: {typeName: "interval", class: otherValue},
	17: {typeName: "bytea", class: binaryValue}, 114: {typeName: "json", class: otherValue}, 3802: {typeName: "jsonb", class: otherValue},
}

// firstOwnType is the first object id of types that a database defines itself.
const firstOwnType = 16384

func (a *postgresAnswer) columns() []answerColumn {
	fields := a.rows.FieldDescriptions()
	columns := make([]answerColumn, len(fields))
	for i, f := range fields {
		c, known := postgresTypes[f.DataTypeOID]
		switch {
		case !known && f.DataTypeOID >= firstOwnType:
			c = answerColumn{typeName: fmt.Sprintf("with the object id %d", f.DataTypeOID), class: textValue} // an enumeration
		case !known:
			c = answerColumn{typeName: fmt.Sprintf("with the object id %d", f.DataTypeOID)}
		case c.class == exactValue && f.TypeModifier >= 4 && (f.TypeModifier-4)&0x7ff == 0:
			c = answerColumn{typeName: "numeric without decimals", class: integerValue}
		}
		c.name = f.Name
		columns[i] = c
	}
	return columns
}

func (a *postgresAnswer) next() bool {
	if a.rows.NextRow() {
		return true
	}
	_, a.ended = a.rows.Close()
	return false
}

func (a *postgresAnswer) cell(i int) []byte { return a.rows.Values()[i] }
func (a *postgresAnswer) failure() error    { return a.ended }
func (a *postgresAnswer) close()            { hangUp(a.conn) }
